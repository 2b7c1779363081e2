# survreg on the data that interval_data.py draws.
# Usage: Rscript interval.R FOLDER > interval.json   (written with R 4.2.2, survival 3.5-3)
suppressMessages(library(survival))
folder <- commandArgs(TRUE)[1]
number <- function(v) paste0("[", paste(sprintf("%.15g", v), collapse = ", "), "]")
one <- function(seed) {
  d <- read.csv(file.path(folder, paste0(seed, ".csv")))
  d$right[is.infinite(d$right)] <- NA
  d$left[d$left == 0] <- NA
  d <- d[!(is.na(d$left) & is.na(d$right)), ]
  fit <- function(dist) {
    m <- survreg(Surv(left, right, type = "interval2") ~ x + y, d, dist = dist,
                 control = survreg.control(rel.tolerance = 1e-14, maxiter = 500))
    number(c(coef(m), m$scale, sqrt(diag(vcov(m))), m$loglik[2], AIC(m)))
  }
  # Hazard ratios of the Weibull model: -b / scale, errors by the delta method.
  m <- survreg(Surv(left, right, type = "interval2") ~ x + y, d,
               control = survreg.control(rel.tolerance = 1e-14, maxiter = 500))
  v <- vcov(m); b <- coef(m)[-1]; s <- m$scale
  se <- sapply(1:2, function(k) sqrt(v[k + 1, k + 1] - 2 * b[k] * v[k + 1, 4] + b[k]^2 * v[4, 4]) / s)
  paste0("\"", seed, "\": {\"weibull\": ", fit("weibull"), ", \"log-logistic\": ", fit("loglogistic"),
         ", \"hazards\": ", number(c(-b / s, se)), "}")
}
cat("{", paste(sapply(0:11, one), collapse = ",\n"), "}\n", sep = "")
