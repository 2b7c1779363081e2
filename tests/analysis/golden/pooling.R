# Golden numbers of models stratified by hospital: Rscript pooling.R SYNTHETIC.csv > pooling.json
# The file is that of cox.R; a child's hospital is its number modulo 3.
library(survival)
library(jsonlite)

rows <- read.csv(commandArgs(trailingOnly = TRUE)[1])
rows$site <- as.integer(sub("S", "", rows$patient_id)) %% 3
first <- rows[!duplicated(rows$patient_id), ]
late <- first[first$time > first$entry, ]
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
model <- function(formula, data, ties) {
  environment(formula) <- environment()
  fit <- coxph(formula, data, ties = ties, control = strict)
  list(
    n = fit$n, events = fit$nevent, coef = unname(coef(fit)), se = unname(sqrt(diag(fit$var))),
    loglik = fit$loglik[2],
    zph = unname(cox.zph(fit, transform = "identity", terms = FALSE)$table[, "chisq"]),
    concordance = unname(concordance(fit)$concordance)
  )
}
models <- list(
  fixed = function(ties) model(
    Surv(time, lost) ~ female + growth_delay + response + strata(site), first, ties),
  late = function(ties) model(
    Surv(entry, time, lost) ~ female + growth_delay + response + strata(site), late, ties),
  daily = function(ties) model(
    Surv(start, stop, event) ~ female + im + response + strata(site), rows, ties)
)
test <- function(term) {
  data <- first[!is.na(first[[term]]), ]
  data$.term <- data[[term]]
  unname(survdiff(Surv(time, lost) ~ .term + strata(site), data)$chisq)
}
cat(toJSON(list(
  version = as.character(packageVersion("survival")),
  models = lapply(models, function(make) list(breslow = make("breslow"), efron = make("efron"))),
  logrank = sapply(c("female", "growth_delay", "response"), test, simplify = FALSE)
), digits = 17, auto_unbox = TRUE, pretty = TRUE))
