# Golden numbers of the curves and their tests: Rscript curves.R FOLDER > curves.json
# FOLDER holds the files that curve_data.py writes, and study.csv. Needs survival and cmprsk.
suppressMessages({library(survival); library(cmprsk); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
data_of <- function(name) read.csv(file.path(folder, paste0(name, ".csv")))
DAYS <- c(183, 365, 730, 1096)
HORIZONS <- c(365, 730)

curve <- function(fit, days = DAYS) {
  s <- summary(fit, times = days)
  q <- quantile(fit, c(0.25, 0.5, 0.75))
  list(days = s$time, survival = s$surv, lower = s$lower, upper = s$upper, at_risk = s$n.risk,
       quantiles = q$quantile, quantiles_lower = q$lower, quantiles_upper = q$upper)
}
means <- function(fit, horizons = HORIZONS) lapply(horizons, function(h) {
  t <- summary(fit, rmean = h)$table
  list(horizon = h, mean = t[["rmean"]], se = t[["se(rmean)"]])
})
chisq <- function(test) list(chi2 = test$chisq, df = length(test$n) - 1,
  p = pchisq(test$chisq, length(test$n) - 1, lower.tail = FALSE))
strata_chisq <- function(test) {
  k <- if (is.matrix(test$obs)) nrow(test$obs) else length(test$obs)
  list(chi2 = test$chisq, df = k - 1, p = pchisq(test$chisq, k - 1, lower.tail = FALSE))
}
# survdiff takes no entry; the score test of the exact partial likelihood is the log-rank test. It is
# slow with many ties, so the synthetic cohort is held against statsmodels instead.
score <- function(formula, data) {
  fit <- coxph(formula, data, ties = "exact")
  df <- length(coef(fit))
  list(chi2 = fit$score, df = df, p = pchisq(fit$score, df, lower.tail = FALSE))
}
states <- function(fit, days = DAYS) {
  s <- summary(fit, times = days)
  of <- function(m) lapply(seq_len(ncol(m))[-1], function(i) m[, i])
  list(days = s$time, states = fit$states[-1], incidence = of(s$pstate), se = of(s$std.err),
       lower = of(s$lower), upper = of(s$upper))
}
gray <- function(time, code, group) {
  t <- cuminc(time, code, group)$Tests
  list(code = rownames(t), chi2 = t[, "stat"], df = t[, "df"], p = t[, "pv"])
}
# The NPMLE by the plain self-consistency algorithm on the innermost intervals (left, right]; R's
# survfit(type = "interval2") takes the same intervals, but stops earlier.
npmle <- function(left, right, steps = 5e4) {
  right[is.na(right)] <- Inf
  ends <- sort(unique(c(left, right)))
  pieces <- data.frame(left = head(ends, -1), right = tail(ends, -1))
  pieces <- pieces[pieces$left %in% left & pieces$right %in% right, ]
  inside <- outer(left, pieces$left, "<=") & outer(right, pieces$right, ">=")
  pieces <- pieces[colSums(inside) > 0, ]; inside <- inside[, colSums(inside) > 0] * 1
  p <- rep(1 / nrow(pieces), nrow(pieces))
  for (i in seq_len(steps)) {
    new <- p * colMeans(inside / drop(inside %*% p))
    done <- max(abs(new - p)) < 1e-14
    p <- new
    if (done) break
  }
  kept <- p > 1e-8 & is.finite(pieces$right)
  list(left = pieces$left[kept], right = pieces$right[kept], mass = p[kept])
}

cohort <- function(d) {
  d <- d[d$perianal != "", ]
  seen <- d[d$time_days > d$entry_days, ]
  # The landmark of 6 months is day 182.
  late <- d[d$time_days > 182, ]
  km <- survfit(Surv(time_days, event) ~ 1, d, conf.type = "log-log")
  en <- survfit(Surv(entry_days, time_days, event) ~ 1, seen, conf.type = "log-log")
  lm <- survfit(Surv(rep(182, nrow(late)), time_days, event) ~ 1, late, conf.type = "log-log")
  d$state <- factor(d$event_code, 0:4)
  seen$state <- factor(seen$event_code, 0:4); seen$id <- seq_len(nrow(seen))
  z <- as.numeric(d$perianal == "True")
  f <- crr(d$time_days, d$event_code, z, failcode = 1, gtol = 1e-12, maxiter = 100)
  k <- !is.na(d$location) & d$location != "none" & d$location != ""
  g <- d[k, ]
  fl <- crr(g$time_days, g$event_code,
            cbind(as.numeric(g$location == "L1"), as.numeric(g$location == "L2")),
            failcode = 1, gtol = 1e-12, maxiter = 100)
  list(
    curve = curve(km), means = means(km),
    curve_entry = curve(en), means_entry = means(en),
    curve_landmark = curve(lm, DAYS[-1]),
    logrank_location = chisq(survdiff(Surv(time_days, event) ~ location, g)),
    logrank_stratified = strata_chisq(
      survdiff(Surv(time_days, event) ~ perianal + strata(sex_female), d)),
    logrank_location_stratified = strata_chisq(
      survdiff(Surv(time_days, event) ~ location + strata(sex_female), g)),
    competing = states(survfit(Surv(time_days, state) ~ 1, d, conf.type = "log-log")),
    competing_entry = states(survfit(Surv(entry_days, time_days, state) ~ 1, seen, id = id,
                                     conf.type = "log-log")),
    gray_perianal = gray(d$time_days, d$event_code, d$perianal),
    gray_location = gray(g$time_days, g$event_code, g$location),
    crr_perianal = list(coef = f$coef, se = sqrt(diag(f$var))),
    crr_location = list(coef = fl$coef, se = sqrt(diag(fl$var)))
  )
}
lung <- function(d) {
  km <- survfit(Surv(time, event) ~ 1, d, conf.type = "log-log")
  d$state <- factor(d$cause, 0:2)
  list(
    means = means(km), logrank_wing = chisq(survdiff(Surv(time, event) ~ wing, d)),
    logrank_stratified = strata_chisq(survdiff(Surv(time, event) ~ sex + strata(wing), d)),
    competing = states(survfit(Surv(time, state) ~ 1, d, conf.type = "log-log")),
    gray_sex = gray(d$time, d$cause, d$sex)
  )
}
late_tests <- function(d) {
  seen <- d[d$time_days > d$entry_days, ]
  list(
    logrank_entry = score(Surv(entry_days, time_days, event) ~ perianal, seen),
    logrank_entry_location = score(Surv(entry_days, time_days, event) ~ location,
                                   seen[seen$location %in% c("L1", "L2", "L3"), ]),
    logrank_entry_stratified = score(
      Surv(entry_days, time_days, event) ~ perianal + strata(sex_female), seen)
  )
}
psychiatric <- function(d) {
  fit <- survfit(Surv(entry, exit, event) ~ 1, d, conf.type = "log-log")
  list(curve = curve(fit, c(40, 55, 65, 75)), means = means(fit, 70),
       logrank = score(Surv(entry, exit, event) ~ sex, d))
}
study <- data_of("study"); synthetic <- data_of("synthetic"); diabetes <- data_of("diabetes")
cat(toJSON(list(
  made_with = list(R = R.version.string, survival = as.character(packageVersion("survival")),
                   cmprsk = as.character(packageVersion("cmprsk"))),
  study = c(cohort(study), late_tests(study), list(npmle = npmle(study$left_days, study$right_days))),
  synthetic = cohort(synthetic),
  lung = lung(data_of("lung")), psychiatric = psychiatric(data_of("psychiatric")),
  diabetes = list(npmle = npmle(diabetes$left, diabetes$right),
    survfit = with(survfit(Surv(left, right, type = "interval2") ~ 1, diabetes),
                   list(time = time, survival = surv)))
), digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"))
