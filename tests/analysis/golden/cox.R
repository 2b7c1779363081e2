# Golden numbers of the Cox model: Rscript cox.R STUDY.csv SYNTHETIC.csv > cox.json
# The files are made by cox_rows.py; the classic data are those of the package survival.
# Firth's penalty is written out here in plain loops, since coxphf need not be there: the sum of the
# log partial likelihood and log|I| / 2, climbed by Newton's steps with a slope by differences.
library(survival)
library(jsonlite)

args <- commandArgs(trailingOnly = TRUE)
study <- read.csv(args[1])
synthetic <- read.csv(args[2])
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
first <- function(rows) rows[!duplicated(rows$patient_id), ]
late <- function(rows) {
  rows$start <- pmax(rows$start, rows$entry)
  rows[rows$stop > rows$start, ]
}

model <- function(formula, data, ties, cluster = NULL, id = NULL) {
  data$.cluster <- if (is.null(cluster)) seq_len(nrow(data)) else data[[cluster]]
  environment(formula) <- environment()
  fit <- if (is.null(cluster)) {
    coxph(formula, data, ties = ties, control = strict, x = TRUE)
  } else {
    coxph(formula, data, ties = ties, control = strict, x = TRUE, cluster = .cluster)
  }
  subject <- if (is.null(id)) seq_len(nrow(data)) else match(data[[id]], unique(data[[id]]))
  if (!is.null(fit$na.action)) subject <- subject[-fit$na.action]
  plain <- if (is.null(cluster)) fit else coxph(formula, data, ties = ties, control = strict)
  zph <- function(transform) unname(cox.zph(plain, transform = transform)$table[, "chisq"])
  single <- length(coef(fit)) == 1
  keep <- function(z) if (single) z[1:1] else z
  scaled <- function(type) {
    found <- as.matrix(residuals(plain, type = type))
    as.matrix(rowsum(found, subject, reorder = FALSE))
  }
  dfbeta <- scaled("dfbeta")
  martingale <- scaled("martingale")
  list(
    n = fit$n, events = fit$nevent, terms = names(coef(fit)), coef = unname(coef(fit)),
    se = unname(sqrt(diag(plain$var))),
    se_robust = if (is.null(cluster)) NULL else unname(sqrt(diag(fit$var))),
    loglik = fit$loglik[2], concordance = unname(plain$concordance["concordance"]),
    zph_km = keep(zph("km")), zph_identity = keep(zph("identity")),
    martingale_ss = sum(martingale^2), martingale_first = unname(head(martingale[, 1], 5)),
    dfbeta_ss = unname(colSums(dfbeta^2)), dfbeta_first = unname(head(dfbeta, 5)),
    schoenfeld_ss = unname(colSums(as.matrix(residuals(plain, type = "schoenfeld"))^2))
  )
}

firth <- function(start, stop, event, x, ties) {
  k <- ncol(x)
  times <- sort(unique(stop[event == 1]))
  sets <- lapply(times, function(t) which(start < t & stop >= t))
  dead <- lapply(times, function(t) which(stop == t & event == 1))
  at <- function(b) {
    eta <- drop(x %*% b)
    w <- exp(eta)
    value <- sum(eta[event == 1])
    information <- matrix(0, k, k)
    for (i in seq_along(times)) {
      r <- sets[[i]]
      e <- dead[[i]]
      for (l in seq_along(e) - 1) {
        part <- if (ties == "efron") l / length(e) else 0
        v <- w
        v[e] <- v[e] * (1 - part)
        v <- v[r]
        s <- sum(v)
        m <- drop(v %*% x[r, , drop = FALSE]) / s
        value <- value - log(s)
        information <- information +
          crossprod(x[r, , drop = FALSE] * sqrt(v)) / s - outer(m, m)
      }
    }
    list(value = value + as.numeric(determinant(information)$modulus) / 2, var = solve(information))
  }
  slope <- function(b, which) sapply(which, function(j) {
    difference <- function(h) {
      e <- replace(numeric(k), j, h)
      (at(b + e)$value - at(b - e)$value) / (2 * h)
    }
    (4 * difference(5e-4) - difference(1e-3)) / 3
  })
  climb <- function(b, free) {
    for (i in 1:200) {
      step <- drop(solve(solve(at(b)$var)[free, free, drop = FALSE], slope(b, free)))
      step <- step * min(1, 2 / max(abs(step)))
      b[free] <- b[free] + step
      if (max(abs(step)) < 1e-10) break
    }
    b
  }
  best <- climb(numeric(k), 1:k)
  top <- at(best)
  fall <- function(j) function(x) {
    b <- climb(replace(best, j, x), setdiff(1:k, j))
    2 * (top$value - at(b)$value)
  }
  limit <- function(j, direction) {
    f <- fall(j)
    g <- function(x) f(x) - qchisq(0.95, 1)
    se <- sqrt(top$var[j, j])
    far <- best[j] + direction * 2 * se
    while (g(far) < 0) far <- far + direction * se
    uniroot(g, sort(c(best[j], far)), tol = 1e-11)$root
  }
  list(
    coef = best, se = unname(sqrt(diag(top$var))),
    lower = sapply(1:k, limit, direction = -1), upper = sapply(1:k, limit, direction = 1),
    p = sapply(1:k, function(j) pchisq(fall(j)(0), 1, lower.tail = FALSE))
  )
}

models <- list()
for (ties in c("breslow", "efron")) {
  add <- function(name, ...) models[[paste(name, ties, sep = ":")]] <<- model(..., ties = ties)
  add("lung", Surv(time, status) ~ age + sex + ph.ecog, lung)
  add("lung:strata", Surv(time, status) ~ age + ph.ecog + strata(sex), lung)
  add("lung:cluster", Surv(time, status) ~ age + sex + ph.ecog, lung[!is.na(lung$inst) & !is.na(lung$ph.ecog), ], cluster = "inst")
  add("veteran", Surv(time, status) ~ trt + age + karno + strata(celltype), veteran)
  add("ovarian", Surv(futime, fustat) ~ age + rx + ecog.ps, ovarian)
  add("heart", Surv(start, stop, event) ~ age + year + surgery + transplant, transform(heart, transplant = as.integer(transplant) - 1L), id = "id")
  p <- tmerge(subset(pbc, id <= 312, c(id, time, status, age)), subset(pbc, id <= 312, c(id, time, status)), id = id, death = event(time, as.numeric(status == 2)))
  p <- tmerge(p, pbcseq, id = id, bili = tdc(day, bili), albumin = tdc(day, albumin))
  p$logbili <- log(p$bili)
  add("pbcseq", Surv(tstart, tstop, death) ~ age + logbili + albumin, p, cluster = "id", id = "id")
  for (cohort in c("study", "synthetic")) {
    rows <- get(cohort)
    fixed <- first(rows)
    covariates <- "bmi_z_low + growth_delay + response"
    as <- function(left, right) as.formula(paste(left, "~", right))
    add(paste0(cohort, ":published"), as("Surv(time, lost)", paste(covariates, "+ im_fixed")), fixed)
    add(paste0(cohort, ":entry"), as("Surv(entry, time, lost)", paste(covariates, "+ im_fixed")), fixed[fixed$time > fixed$entry, ])
    add(paste0(cohort, ":varying"), as("Surv(start, stop, event)", paste(covariates, "+ im")), rows, id = "patient_id", cluster = "patient_id")
    add(paste0(cohort, ":sound"), as("Surv(start, stop, event)", paste(covariates, "+ im")), late(rows), id = "patient_id")
    add(paste0(cohort, ":strata"), as("Surv(start, stop, event)", "response + im + strata(female)"), rows, id = "patient_id")
  }
  add("synthetic:cluster", Surv(start, stop, event) ~ response + im + bmi_z_low, synthetic, cluster = "centre", id = "patient_id")
}

penalised <- list()
for (ties in c("breslow", "efron")) {
  add <- function(name, ...) penalised[[paste(name, ties, sep = ":")]] <<- firth(..., ties = ties)
  with(ovarian, add("ovarian", rep(0, length(futime)), futime, fustat, cbind(age, rx, ecog.ps)))
  with(late(study), add("study:sound", start, stop, event, cbind(bmi_z_low, growth_delay, response, im)))
  add("separated", rep(0, 10), c(3, 5, 8, 9, 12, 14, 15, 19, 21, 25), c(1, 1, 1, 0, 1, 0, 0, 0, 0, 0), cbind(x = rep(1:0, each = 5), z = c(1, 0, 0, 1, 1, 0, 1, 0, 1, 0)))
}

cat(toJSON(
  list(
    versions = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
    models = models, firth = penalised
  ),
  digits = NA, auto_unbox = TRUE, pretty = TRUE, null = "null"
), "\n")
