# Survival on the rows of a file, as `registry analyse km`, `table2` and `cox` have it; called by
# survival.py. Rscript survival.R WHAT FILE [COVARIATE ...]; prints their values.
suppressPackageStartupMessages(library(survival))
given <- commandArgs(TRUE)
rows <- read.csv(given[2])
flag <- function(column) as.integer(column %in% c(TRUE, "True", "true", "t", "yes", 1))
rows$event <- flag(rows$event)
told <- function(...) cat(paste(..., collapse = " "), "\n")
yes <- function(name) ifelse(is.na(rows[[name]]) | rows[[name]] == "", NA, flag(rows[[name]]))
if (given[1] == "km") {
  fit <- survfit(Surv(time_days, event) ~ 1, rows, conf.type = "log-log")
  at <- summary(fit, times = c(12, 24, 36) * 30.4375)
  for (i in 1:3) told(format(1 - c(at$surv[i], at$upper[i], at$lower[i]), digits = 15))
} else if (given[1] == "table2") {
  for (name in given[-(1:2)]) {
    rows$x <- yes(name)
    found <- tryCatch(survdiff(Surv(time_days, event) ~ x, rows)$chisq, error = function(e) NaN)
    told(format(found, digits = 15))
  }
} else {
  for (name in given[-(1:2)]) rows[[name]] <- yes(name)
  model <- reformulate(given[-(1:2)], "Surv(time_days, event)")
  fit <- coxph(model, rows, ties = "breslow")
  for (name in given[-(1:2)]) told(format(coef(fit)[name], digits = 15),
    format(sqrt(vcov(fit)[name, name]), digits = 15))
}
