# Golden numbers of drug levels and of the risk model: Rscript levels.R > levels.json, in this
# folder. The rows are those of levels_data.py; classic data: lung of the package survival.
# DeLong's error is written out here beside pROC's; Gehan's scores are compared pair by pair.
suppressMessages({library(survival); library(pROC); library(jsonlite)})
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 200, outer.max = 50)

two_groups <- function(level, event) {
  lost <- level[event == 1]; kept <- level[event == 0]
  welch <- t.test(kept, lost)
  rank <- suppressWarnings(wilcox.test(kept, lost))
  psi <- outer(lost, kept, function(a, b) (a < b) + 0.5 * (a == b))
  se <- sqrt(var(rowMeans(psi)) / length(lost) + var(colMeans(psi)) / length(kept))
  curve <- roc(event, level, levels = c(0, 1), direction = ">", quiet = TRUE)
  limits <- as.numeric(ci.auc(curve, method = "delong"))
  best <- coords(curve, "best", best.method = "youden", transpose = FALSE)
  best <- best[which.max(best$threshold), ]
  list(t = welch$statistic[[1]], df = welch$parameter[[1]], p = welch$p.value,
       u = rank$statistic[[1]], u_p = rank$p.value, u_method = rank$method,
       auc = as.numeric(auc(curve)), auc_mean = mean(psi), se = se,
       se_proc = sqrt(var(curve)), lower = limits[1], upper = limits[3],
       cut = best$threshold, sensitivity = best$sensitivity, specificity = best$specificity)
}

gehan <- function(level, comparator, event) {
  surely_below <- function(i, j) {
    if (comparator[i] == ">" || comparator[j] == "<") return(FALSE)
    if (comparator[i] == "" && comparator[j] == "") return(level[i] < level[j])
    level[i] <= level[j]
  }
  n <- length(level)
  score <- numeric(n)
  for (i in 1:n) for (j in 1:n) if (i != j) {
    score[i] <- score[i] + surely_below(j, i) - surely_below(i, j)
  }
  m <- sum(event == 0)
  s <- sum(score[event == 0])
  variance <- m * (n - m) / (n * (n - 1)) * sum(score^2)
  z <- (abs(s) - 1) / sqrt(variance)
  list(u = (s + m * (n - m)) / 2, p = 2 * pnorm(-z))
}

quarters <- function(rows) {
  key <- ifelse(rows$comparator == "<", rows$level / 2, rows$level)
  bounds <- quantile(key, c(0.25, 0.5, 0.75), type = 6)
  rows$quarter <- findInterval(key, bounds, left.open = TRUE)
  rows$entry <- pmax(rows$entry, rows$sampled)
  rows$doubling <- log2(key)
  at <- c(12, 24) * 30.4375
  incidence <- lapply(sort(unique(rows$quarter)), function(q) {
    fit <- survfit(Surv(entry, time, event) ~ 1, rows[rows$quarter == q, ], conf.type = "log-log")
    s <- summary(fit, times = at, extend = TRUE)
    list(n = sum(rows$quarter == q), events = sum(rows$event[rows$quarter == q]),
         incidence = 1 - s$surv, lower = 1 - s$upper, upper = 1 - s$lower)
  })
  exact <- coxph(Surv(entry, time, event) ~ factor(quarter), rows, ties = "exact")
  trend <- coxph(Surv(entry, time, event) ~ quarter, rows, ties = "breslow", control = strict)
  doubling <- coxph(Surv(entry, time, event) ~ doubling, rows, ties = "breslow", control = strict)
  list(bounds = unname(bounds), groups = incidence, logrank = exact$score,
       trend = trend$score, coef = coef(doubling)[[1]], se = sqrt(vcov(doubling)[1, 1]))
}

ridge_model <- function(rows, names, penalty) {
  x <- scale(as.matrix(rows[names]))
  fit <- coxph(Surv(rows$time, rows$event) ~ ridge(x, theta = penalty, scale = FALSE),
               ties = "breslow", control = strict)
  b <- unname(coef(fit))
  eta <- drop(x %*% b)
  slope <- coxph(Surv(rows$time, rows$event) ~ eta, ties = "breslow", control = strict)
  days <- c(1, 2) * 365.25
  baseline <- sapply(days, function(day) {
    sum(sapply(which(rows$event == 1 & rows$time <= day), function(i)
      1 / sum(exp(eta)[rows$time >= rows$time[i]])))
  })
  c_index <- concordance(Surv(rows$time, rows$event) ~ eta, reverse = TRUE)$concordance
  list(penalty = penalty, coef = b, concordance = c_index[[1]], slope = coef(slope)[[1]],
       hazard = baseline, df = sum(fit$df))
}

gains <- function(rows, names, penalties) {
  x <- scale(as.matrix(rows[names]))
  surv <- Surv(rows$time, rows$event)
  at <- function(b, keep) {
    coxph(surv[keep] ~ x[keep, ], ties = "breslow", init = b,
          control = coxph.control(iter.max = 0))$loglik[2]
  }
  all <- rep(TRUE, nrow(rows))
  sapply(penalties, function(penalty) sum(sapply(sort(unique(rows$fold)), function(one) {
    keep <- rows$fold != one
    z <- x[keep, ]; y <- surv[keep]
    b <- coef(coxph(y ~ ridge(z, theta = penalty, scale = FALSE), ties = "breslow",
                    control = strict))
    suppressWarnings(at(b, all) - at(b, keep))
  })))
}

study <- read.csv("levels_study.csv", colClasses = c(comparator = "character"))
synthetic <- read.csv("levels_synthetic.csv", colClasses = c(comparator = "character"))
risk_study <- read.csv("risk_study.csv")
risk_synthetic <- read.csv("risk_synthetic.csv")
of_study <- c("week14_pcdai", "bmi_z", "growth_delay")
of_synthetic <- c("trough", "week14_pcdai", "bmi_z", "growth_delay", "baseline_pcdai")
classic <- na.omit(lung[, c("time", "status", "age", "sex", "ph.ecog", "ph.karno")])
classic$event <- as.integer(classic$status == 2)
number <- synthetic$comparator == ""
events <- sum(risk_study$event)
penalties <- events * 2^seq(7, -7, -2)

cat(toJSON(list(
  versions = list(R = as.character(getRversion()), survival = as.character(packageVersion("survival")),
                  pROC = as.character(packageVersion("pROC"))),
  groups = list(
    study = two_groups(study$level, study$event),
    synthetic_numbers = two_groups(synthetic$level[number], synthetic$event[number]),
    lung_age = two_groups(-classic$age, classic$event),
    lung_karno = two_groups(classic$ph.karno, classic$event)),
  gehan = gehan(synthetic$level, synthetic$comparator, synthetic$event),
  quartiles = list(study = quarters(study), synthetic = quarters(synthetic)),
  ridge = list(
    study = lapply(c(1, 4, 20), function(l) ridge_model(risk_study, of_study, l)),
    synthetic = lapply(c(1, 10, 100), function(l) ridge_model(risk_synthetic, of_synthetic, l)),
    lung = lapply(c(1, 20, 200), function(l) ridge_model(classic, c("age", "sex", "ph.ecog"), l))),
  cross_validation = list(penalties = penalties, gains = gains(risk_study, of_study, penalties))
), digits = NA, auto_unbox = TRUE, pretty = TRUE))
