# Numbers of survival and cmprsk on the data that methods_data.py draws.
# Usage: Rscript methods.R FOLDER > methods.json   (written with R 4.2.2)
suppressMessages({library(survival); library(cmprsk)})
folder <- commandArgs(TRUE)[1]
number <- function(v) paste0("[", paste(ifelse(is.na(v), "null", sprintf("%.15g", v)), collapse = ", "), "]")
one <- function(seed) {
  d <- read.csv(file.path(folder, paste0(seed, ".csv")))
  e <- d$cause == 1
  exact <- coxph.control(eps = 1e-13, iter.max = 100)
  efron <- coxph(Surv(time, e) ~ x + y, d, control = exact)
  late <- coxph(Surv(entry, time, e) ~ x + y + strata(stratum), d, ties = "breslow", control = exact)
  robust <- coxph(Surv(time, e) ~ x + y + cluster(stratum), d, control = exact)
  fg <- crr(d$time, d$cause, cbind(d$x, d$y), gtol = 1e-12, maxiter = 100)
  km <- summary(survfit(Surv(time, e) ~ 1, d, conf.type = "log-log"))$table
  parts <- c(
    gray = number(cuminc(d$time, d$cause, d$y)$Tests[, 1]),
    logrank = number(survdiff(Surv(time, e) ~ stratum, d)$chisq),
    stratified = number(survdiff(Surv(time, e) ~ y + strata(stratum), d)$chisq),
    efron = number(c(coef(efron), sqrt(diag(vcov(efron))))),
    late = number(c(coef(late), sqrt(diag(vcov(late))))),
    robust = number(sqrt(diag(vcov(robust)))),
    zph = number(cox.zph(efron)$table[, 1]),
    fine_gray = number(c(fg$coef, sqrt(diag(fg$var)))),
    median = number(km[["median"]]),
    rmean = number(c(summary(survfit(Surv(time, e) ~ 1, d), rmean = 30)$table[c("rmean", "se(rmean)")]))
  )
  paste0("\"", seed, "\": {", paste0("\"", names(parts), "\": ", parts, collapse = ", "), "}")
}
cat("{", paste(sapply(0:19, one), collapse = ",\n"), "}\n", sep = "")
