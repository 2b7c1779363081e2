# How far R's limits of an incidence with delayed entry are from ours, on the sets of options_data.py.
# R takes the infinitesimal jackknife there; by the rows without entry its error is ours (delta method).
# Usage: Rscript entry_limits.R FOLDER   (R 4.2.2, survival 3.5-3); prints the largest differences.
suppressMessages(library(survival))
folder <- commandArgs(TRUE)[1]
error <- limits <- 0
for (k in 0:7) {
  d <- read.csv(file.path(folder, paste0("children", k, ".csv")))
  d <- d[d$time_days > d$entry_days, ]
  d$cause <- factor(d$event_code, 0:4); d$id <- seq_len(nrow(d))
  fit <- survfit(Surv(entry_days, time_days, cause) ~ 1, d, id = id, conf.type = "log-log")
  days <- sort(unique(d$time_days[d$event_code > 0]))
  # The delta method by hand (Marubini and Valsecchi 1995), for the loss.
  s <- f <- 0; S <- 1; at <- est <- var <- numeric(0)
  n <- sapply(days, function(t) sum(d$entry_days < t & d$time_days >= t))
  all <- sapply(days, function(t) sum(d$time_days == t & d$event_code > 0))
  own <- sapply(days, function(t) sum(d$time_days == t & d$event_code == 1))
  before <- cumprod(c(1, 1 - all / n))[seq_along(days)]
  F <- cumsum(before * own / n)
  V <- sapply(seq_along(days), function(i) {
    j <- seq_len(i); gap <- F[i] - F[j]
    sum(gap^2 * ifelse(n[j] > all[j], all[j] / (n[j] * (n[j] - all[j])), 0)) +
      sum(before[j]^2 * own[j] * (n[j] - own[j]) / n[j]^3) -
      2 * sum(gap * before[j] * own[j] / n[j]^2)
  })
  r <- summary(fit, times = days)
  se <- r$std.err[, 2]; ok <- own > 0 & F > 0 & n >= 5
  error <- max(error, abs(sqrt(V[ok]) / se[ok] - 1))
  z <- qnorm(.975) * sqrt(V) / (F * log(F))
  low <- F^exp(-z); high <- F^exp(z)
  limits <- max(limits, abs(pmin(low, high) - r$lower[, 2])[ok], abs(pmax(low, high) - r$upper[, 2])[ok])
}
cat(sprintf("error, relative: %.2g; limits: %.2g\n", error, limits))

# Limits of a median where a limit of the curve rises again, as with entry and few at risk: ours is the
# first day on which the limit is at or below a half, R's `quantile` hands them to `approx`, which sorts.
first <- function(fit, limit) { i <- which(limit <= 0.5 + 1e-9); if (length(i)) fit$time[i[1]] else NA }
groups <- rising <- differ <- 0; worst <- 0
for (k in 0:7) {
  d <- read.csv(file.path(folder, paste0("children", k, ".csv")))
  d <- d[d$time_days > d$entry_days, ]
  for (x in split(d, d$centre)) {
    if (sum(x$event) < 2) next
    x$entry_days <- x$entry_days * 6  # late and spread, so that few are at risk at first
    x <- x[x$time_days > x$entry_days, ]
    if (sum(x$event) < 2) next
    fit <- survfit(Surv(entry_days, time_days, event) ~ 1, x, conf.type = "log-log")
    groups <- groups + 1
    up <- function(v) any(diff(v[!is.na(v)]) > 1e-9)
    rising <- rising + (up(fit$lower) || up(fit$upper))
    q <- quantile(fit, 0.5)
    mine <- c(first(fit, fit$lower), first(fit, fit$upper))
    rs <- c(as.numeric(q$lower), as.numeric(q$upper))
    other <- !(is.na(mine) & is.na(rs)) & (is.na(mine) != is.na(rs) | abs(mine - rs) > 1e-6)
    other[is.na(other)] <- TRUE
    differ <- differ + any(other)
    worst <- max(worst, abs(mine - rs)[other], na.rm = TRUE)
  }
}
cat(sprintf("%d groups, a limit rises in %d; a limit of the median differs in %d, by up to %.0f days\n",
            groups, rising, differ, worst))
