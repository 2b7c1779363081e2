# Numbers of riskRegression on the data that prediction_data.py draws.
# Usage: Rscript prediction.R FOLDER > prediction.json   (written with R 4.2.2, riskRegression 2022.11.28)
suppressMessages({library(survival); library(prodlim); library(riskRegression)})
folder <- commandArgs(TRUE)[1]
number <- function(v) paste0("[", paste(sprintf("%.15g", v), collapse = ", "), "]")
exact <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 200)
people <- data.frame(x = c(-1, 0.5), group = c(0, 1))
one <- function(seed) {
  d <- read.csv(file.path(folder, paste0(seed, ".csv")))
  at <- scan(file.path(folder, paste0(seed, ".txt")), quiet = TRUE)
  told <- cbind(d$early, d$early, d$late)[, seq_along(at)]
  found <- Score(list(told = told), Hist(time, cause) ~ 1, data = d, cause = 1, times = at,
                 cens.model = "km", metrics = c("auc", "brier"), summary = c("ipa", "ibs"))
  area <- found$AUC$score
  score <- found$Brier$score
  own <- score[score$model == "told", ]
  null <- score[score$model != "told", ]
  parts <- c(auc = number(area$AUC), auc_se = number(area$se), brier = number(own$Brier),
             brier_se = number(own$se), brier_lower = number(own$lower), brier_upper = number(own$upper),
             ipa = number(own$IPA), ibs = number(own$IBS),
             null = number(null$Brier), null_se = number(null$se))
  if (nrow(d) < 400) {
    pseudo <- jackknife(prodlim(Hist(time, cause) ~ 1, d), times = at, cause = 1)
    parts["pseudo"] <- number(pseudo[1:20, ])
    for (k in seq_along(at)) {
      line <- log(-log(1 - pmin(pmax(told[, k], 1e-6), 1 - 1e-6)))
      quasi <- quasi(link = "cloglog", variance = "constant")
      exactly <- glm.control(epsilon = 1e-14, maxit = 200)
      # The mean as a start: pseudo-values leave 0 to 1.
      start <- log(-log(1 - mean(pseudo[, k])))
      level <- glm(pseudo[, k] ~ 1, offset = line, family = quasi, start = 0, control = exactly)
      both <- glm(pseudo[, k] ~ line, family = quasi, start = c(start, 0), control = exactly)
      robust <- function(fit, x) {
        eta <- fit$linear.predictors
        d <- exp(eta - exp(eta)) * x
        bread <- solve(crossprod(d))
        sqrt(diag(bread %*% crossprod(d * (pseudo[, k] - fit$fitted.values)) %*% bread))
      }
      smooth <- lowess(told[, k], pseudo[, k], f = 2/3, iter = 0)
      parts[paste0("line", k)] <- number(c(coef(level), robust(level, cbind(rep(1, nrow(d)))), coef(both)[2],
                                           robust(both, cbind(1, line))[2], mean(abs(smooth$y - smooth$x))))
    }
  }
  for (ties in c("efron", "breslow")) {
    fit <- CSC(Hist(time, cause) ~ x + group, d, method = ties, control = exact)
    told <- predict(fit, newdata = people, times = at, cause = 1, se = TRUE, band = FALSE)
    parts[paste0("risk_", ties)] <- number(t(told$absRisk))
    if (seed >= 6) {
      shown <- confint(told, absRisk.transform = "loglog")
      parts["risk_se"] <- number(t(told$absRisk.se))
      parts["risk_lower"] <- number(t(shown$absRisk.lower))
      parts["risk_upper"] <- number(t(shown$absRisk.upper))
    }
  }
  paste0("\"", seed, "\": {", paste0("\"", names(parts), "\": ", parts, collapse = ", "), "}")
}
cat("{", paste(sapply(0:8, one), collapse = ",\n"), "}\n", sep = "")
