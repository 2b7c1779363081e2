# Numbers of survival and cmprsk for the combinations that options_data.py draws.
# Usage: Rscript options.R FOLDER > options.json   (R 4.2.2, survival 3.5-3, cmprsk 2.2-11)
suppressMessages({library(survival); library(cmprsk); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
month <- 30.4375
named <- function(v) if (is.character(v)) v else ifelse(v == 1, "true", "false")
ask <- fromJSON(file.path(folder, "options.json"), simplifyDataFrame = FALSE)
ask <- lapply(ask, function(a) { for (k in c("terms", "daily", "strata")) a[[k]] <- as.character(unlist(a[[k]])); a })
read <- function(name, k) read.csv(file.path(folder, paste0(name, k, ".csv")))
kids <- lapply(0:7, function(k) read("children", k))
stays <- lapply(0:7, function(k) read("exposure", k))
some <- function(x) length(x) > 0 && !identical(x, "") && !identical(x, 0)
cohort <- function(a) {
  d <- kids[[a$set + 1]]
  d$from <- if (a$entry) d$entry_days else -1
  if (some(a$landmark)) {
    at <- floor(a$landmark * month)
    d$from <- pmax(d$from, at)
    x <- stays[[a$set + 1]]
    x <- x[x$start_day <= at & at < x$stop_day, ]
    d$im_over_6_months <- x$im_over_6_months[match(d$patient_id, x$patient_id)]
  }
  d[d$time_days > d$from, ]
}
cox <- function(a) {
  d <- cohort(a)
  if (length(a$daily)) {
    x <- stays[[a$set + 1]]
    x <- x[x$patient_id %in% d$patient_id, ]
    own <- d[match(x$patient_id, d$patient_id), ]
    x$from <- pmax(x$start_day, pmax(own$from, 0)); x$to <- x$stop_day; x$lost <- x$event
    for (v in setdiff(c(a$terms, a$strata, "centre"), a$daily)) x[[v]] <- own[[v]]
    x <- x[x$to > x$from, ]
    if ("combination_months" %in% a$daily) {
      x <- survSplit(Surv(from, to, lost) ~ ., x, cut = sort(unique(x$to[x$lost == 1])))
      days <- x$combination_months * month + x$immunomodulator * (x$to - x$start_day)
      x$combination_months <- round(days) / month
    }
  } else { x <- d; x$to <- x$time_days; x$lost <- as.integer(x$event) }
  terms <- c(a$terms, a$daily)
  x <- x[complete.cases(x[, c(terms, a$strata), drop = FALSE]), ]
  right <- c(terms, if (length(a$strata)) paste0("strata(", paste(a$strata, collapse = ", "), ")"))
  x$group <- if (a$robust == "centre") x$centre else x$patient_id
  f <- as.formula(paste("Surv(from, to, lost) ~", paste(right, collapse = " + ")))
  exact <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
  fit <- if (some(a$robust)) coxph(f, x, ties = a$ties, control = exact, cluster = group)
         else coxph(f, x, ties = a$ties, control = exact)
  se <- sqrt(diag(fit$var))
  z <- lapply(c("km", "identity"), function(t) as.numeric(cox.zph(fit, transform = t)$table[, 1]))
  list(n = length(unique(x$patient_id)), events = sum(x$lost), coef = as.numeric(coef(fit)), se = se,
       p = 2 * pnorm(-abs(coef(fit) / se)), lower = as.numeric(exp(coef(fit) - qnorm(.975) * se)),
       loglik = fit$loglik[2], concordance = as.numeric(concordance(fit)$concordance), zph = z)
}
# Sum over strata and days of what is lost and what the groups expect, with the hypergeometric variance.
logrank <- function(from, to, lost, group, stratum) {
  g <- as.integer(factor(group)); k <- max(g); o <- e <- numeric(k); v <- matrix(0, k, k)
  for (s in unique(stratum)) for (t in unique(to[lost & stratum == s])) {
    at <- stratum == s & from < t & to >= t
    r <- tabulate(g[at], k); m <- sum(r); d <- tabulate(g[at & lost & to == t], k); q <- sum(d)
    o <- o + d; e <- e + q * r / m
    if (m > 1) v <- v + q * (m - q) / (m - 1) * (diag(r / m, k) - outer(r, r) / m^2)
  }
  u <- (o - e)[-k]
  as.numeric(u %*% solve(v[-k, -k]) %*% u)
}
at <- function(fit, months) {
  s <- summary(fit, times = months * month, extend = TRUE)
  list(estimate = 1 - s$surv, lower = 1 - s$upper, upper = 1 - s$lower)
}
km <- function(a) {
  d <- cohort(a)
  if (some(a$by)) d <- d[!is.na(d[[a$by]]), ]
  lev <- if (some(a$by)) split(seq_len(nrow(d)), named(d[[a$by]])) else list(all = seq_len(nrow(d)))
  groups <- lapply(lev, function(i) {
    x <- d[i, ]
    fit <- survfit(Surv(from, time_days, event) ~ 1, x, conf.type = "log-log")
    start <- if (some(a$landmark)) floor(a$landmark * month) else 0
    r <- if (some(a$rmst)) {
      y <- x; y$from <- pmax(y$from, 0) - start; y$time_days <- y$time_days - start
      y <- y[y$time_days > y$from, ]
      f <- if (all(y$from <= 0)) survfit(Surv(time_days, event) ~ 1, y) else survfit(Surv(from, time_days, event) ~ 1, y)
      as.numeric(summary(f, rmean = a$rmst * month - start)$table[c("rmean", "se(rmean)")]) / month
    }
    c(at(fit, a$months), list(n = nrow(x), events = sum(x$event), rmean = r,
      median = as.numeric(quantile(fit, .5)$quantile) / month))
  })
  test <- NULL
  if (some(a$by)) {
    s <- if (length(a$strata)) d[[a$strata[[1]]]] else rep(1, nrow(d))
    ok <- !is.na(s)
    test <- logrank(d$from[ok], d$time_days[ok], d$event[ok] == 1, d[[a$by]][ok], s[ok])
    if (all(d$from < 0)) {  # the same by survdiff, where it can
      s <- s[ok]
      u <- survdiff(Surv(time_days, event) ~ d[[a$by]][ok] + strata(s), d[ok, ])$chisq
      stopifnot(abs(u - test) < 1e-8)
    }
  }
  list(groups = groups, logrank = test)
}
cuminc_of <- function(a) {
  d <- cohort(a)
  if (some(a$by)) d <- d[!is.na(d[[a$by]]), ]
  d$cause <- factor(d$event_code, 0:4)
  lev <- if (some(a$by)) split(seq_len(nrow(d)), named(d[[a$by]])) else list(all = seq_len(nrow(d)))
  groups <- lapply(lev, function(i) {
    x <- d[i, ]
    x$id <- seq_len(nrow(x))
    fit <- if (a$entry) survfit(Surv(from, time_days, cause) ~ 1, x, id = id, conf.type = "log-log")
           else survfit(Surv(time_days, cause) ~ 1, x, conf.type = "log-log")
    s <- summary(fit, times = a$months * month, extend = TRUE)
    list(n = nrow(x), incidence = unname(t(s$pstate[, -1, drop = FALSE])))
  })
  gray <- fg <- NULL
  if (some(a$by) && !a$entry) {
    gray <- unname(cuminc(d$time_days, d$event_code, d[[a$by]])$Tests[, 1])
    # The last group is what the others are held to: false, or severe.
    v <- named(d[[a$by]])
    of <- sapply(setdiff(names(lev), c("false", "severe")), function(one) as.numeric(v == one))
    f <- crr(d$time_days, d$event_code, of, gtol = 1e-12, maxiter = 100)
    fg <- c(as.numeric(f$coef), sqrt(diag(f$var)))
  }
  list(groups = groups, gray = gray, fine_gray = fg)
}
found <- lapply(ask, function(a) list(cox = cox, km = km, cuminc = cuminc_of)[[a$kind]](a))
cat(toJSON(found, digits = I(15), auto_unbox = TRUE, null = "null", na = "null"), "\n")
