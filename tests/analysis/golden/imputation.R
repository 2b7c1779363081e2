# Pooled Cox models of smcfcs and mice on the data that imputation_data.py draws.
# Usage: Rscript imputation.R FILE > imputation.json   (R 4.2.2, smcfcs 1.7.1, mice 3.15.0)
suppressMessages({library(survival); library(smcfcs); library(mice)})
d <- read.csv(commandArgs(TRUE)[1])
number <- function(v) paste0("[", paste(sprintf("%.15g", v), collapse = ", "), "]")
m <- 200
set.seed(20251)
invisible(capture.output(made <- smcfcs(d, "coxph", "Surv(time, event) ~ a + b + z + full",
               method = c("", "", "logreg", "logreg", "norm", ""), m = m, numit = 10)))
fits <- lapply(made$impDatasets, function(one) coxph(Surv(time, event) ~ a + b + z + full, one))
pooled <- function(fits) {
  p <- pool(as.mira(fits))$pooled
  parts <- c(sapply(c("estimate", "ubar", "b", "t", "df", "fmi", "riv"), function(k) number(p[[k]])))
  paste0("{", paste0("\"", names(parts), "\": ", parts, collapse = ", "), "}")
}
few <- fits[1:7]
q <- t(sapply(few, coef)); u <- t(sapply(few, function(f) diag(vcov(f))))
scalar <- pool.scalar(q[, 1], u[, 1])
complete <- coxph(Surv(time, event) ~ a + b + z + full, d)
imputed <- sapply(c("a", "b", "z"), function(k)
  mean(sapply(made$impDatasets, function(one) mean(one[[k]][is.na(d[[k]])]))))
cat("{\"m\": ", m, ",\n\"events\": ", sum(d$event), ",\n\"many\": ", pooled(fits),
    ",\n\"few\": ", pooled(few), ",\n\"q\": [", paste(apply(q, 1, number), collapse = ", "),
    "],\n\"u\": [", paste(apply(u, 1, number), collapse = ", "),
    "],\n\"scalar\": ", number(c(scalar$qbar, scalar$ubar, scalar$b, scalar$t, scalar$df, scalar$fmi)),
    ",\n\"complete\": ", number(c(coef(complete), sqrt(diag(vcov(complete))))),
    ",\n\"imputed_means\": ", number(imputed), "}\n", sep = "")
