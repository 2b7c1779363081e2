# The target trial by glm, coxph and survfit on trial_children.csv, trial_spells.csv and
# trial_scores.csv (scripts/simulate_trial.py --write . --children 150 --seed 7), and weighted
# Cox models on the data that methods_data.py draws into FOLDER.
# Usage: Rscript trial.R FOLDER > trial.json   (written with R 4.2.2, survival 3.5-3)
suppressMessages(library(survival))
folder <- commandArgs(TRUE)[1]
number <- function(v) paste0("[", paste(sprintf("%.15g", v), collapse = ", "), "]")
here <- if (length(commandArgs(TRUE)) > 1) commandArgs(TRUE)[2] else "."
kids <- read.csv(file.path(here, "trial_children.csv"))
spells <- read.csv(file.path(here, "trial_spells.csv"))
scores <- read.csv(file.path(here, "trial_scores.csv"))
month <- 30.4375; grace <- floor(3 * month); lasted <- 183

# Whether on the drug in the day after `day`, and on how many days before it.
on <- function(s, day) any(s$start <= day & day < s$stop)
taken <- function(s, day) sum(pmax(0, pmin(s$stop, day) - s$start))
departure <- function(s, entry, time, combined) {
  for (d in grace:max(time, grace)) {
    if (d >= time) break
    day <- entry + d
    if (combined && !on(s, day) && taken(s, day) <= lasted) return(d)
    if (!combined && (on(s, day) || taken(s, day) > lasted)) return(d)
  }
  Inf
}
emulate <- function(combined) {
  chances <- NULL; follow <- NULL
  for (i in seq_len(nrow(kids))) {
    k <- kids[i, ]; s <- spells[spells$patient_id == k$patient_id, ]
    sc <- scores[scores$patient_id == k$patient_id, ]
    last <- function(d) tail(sc$score[sc$day <= k$entry + d], 1)
    time <- k$time - k$entry
    gone <- departure(s, k$entry, time, combined)
    end <- min(time, gone)
    lost <- k$event == 1 && gone == Inf
    follow <- rbind(follow, data.frame(id = i, m = -1, start = 0, stop = min(end, grace),
                                       event = lost && time <= grace))
    if (time > grace)
      chances <- rbind(chances, data.frame(id = i, m = -1, later = 0, t = 0, gone = gone == grace,
                                           severe = k$severe, score = last(grace)))
    m <- 3
    while (floor(m * month) < end) {
      b <- floor(m * month); e <- floor((m + 1) * month)
      follow <- rbind(follow, data.frame(id = i, m = m, start = b, stop = min(end, e),
                                         event = lost && time <= e))
      if (!combined || taken(s, k$entry + b) <= lasted)
        chances <- rbind(chances, data.frame(id = i, m = m, later = 1, t = (m - 3) / 12,
                         gone = is.finite(gone) && gone <= e, severe = k$severe, score = last(b)))
      m <- m + 1
    }
  }
  exact <- list(epsilon = 1e-14, maxit = 100)
  full <- glm(gone ~ later + t + severe + score, binomial, chances, control = exact)
  time <- glm(gone ~ later + t, binomial, chances, control = exact)
  chances$f <- (1 - fitted(time)) / (1 - fitted(full))
  follow$w <- 1
  for (j in which(follow$m >= 0)) {
    before <- chances$id == follow$id[j] & chances$m < follow$m[j]
    follow$w[j] <- prod(chances$f[before])
  }
  late <- follow$m >= 0
  ends <- quantile(follow$w[late], c(0.01, 0.99))
  follow$cut <- follow$w
  follow$cut[late] <- pmin(pmax(follow$w[late], ends[1]), ends[2])
  list(follow = follow, coef = coef(full), departures = sum(chances$gone))
}
arms <- lapply(c(FALSE, TRUE), emulate)
told <- lapply(arms, function(a) {
  f <- a$follow; late <- f$m >= 0; first <- f$m == 3
  s <- summary(survfit(Surv(start, stop, event) ~ 1, f, weights = cut), times = c(12, 24) * month)
  number(c(1 - s$surv, a$departures, sum(f$event), min(f$cut[late]), quantile(f$cut[late], 1:3 / 4),
           max(f$cut[late]), max(f$w[late]), sum(f$cut[first])^2 / sum(f$cut[first]^2)))
})
both <- rbind(cbind(arms[[1]]$follow, arm = 0), cbind(arms[[2]]$follow, arm = 1))
model <- function(ties) {
  m <- coxph(Surv(start, stop, event) ~ arm, both, weights = cut, cluster = id, ties = ties,
             control = coxph.control(eps = 1e-11, iter.max = 100))
  number(c(coef(m), sqrt(vcov(m))))
}
weighted <- function(seed) {
  d <- read.csv(file.path(folder, paste0(seed, ".csv")))
  d$e <- d$cause == 1
  d$w <- 0.5 + (seq_len(nrow(d)) %% 7) / 3
  fit <- function(ties) {
    m <- coxph(Surv(entry, time, e) ~ x + y, d, weights = w, cluster = stratum, ties = ties,
               control = coxph.control(eps = 1e-11, iter.max = 100))
    c(coef(m), sqrt(diag(m$naive.var)), sqrt(diag(m$var)), m$loglik[2])
  }
  paste0("\"", seed, "\": {\"breslow\": ", number(fit("breslow")), ", \"efron\": ", number(fit("efron")), "}")
}
cat("{\"without\": ", told[[1]], ",\n\"combined\": ", told[[2]], ",\n\"breslow\": ", model("breslow"),
    ", \"efron\": ", model("efron"), ",\n\"weighted\": {", paste(sapply(0:5, weighted), collapse = ",\n"),
    "}}\n", sep = "")
