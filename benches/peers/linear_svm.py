#!/usr/bin/env python3
"""Plain baseline for `jiesu eval routing`: TF-IDF and a linear SVM from scikit-learn.

Words (jieba) and characters 1-3 are weighted by sublinear TF-IDF, one block
each, and given to a one-vs-rest LinearSVC.  The title, where a record has one,
is put before the text; with --title-field it is also a block pair of its own.

Reads the exchange format (JSON Lines; `text`, optional `title`, and the label
field) and prints one JSON object with the keys of `jiesu eval routing --json`:

    n, labels, accuracy, macro_f1, top3, train_seconds, latency_us {p50, p99}

Latency is measured for one message at a time, segmentation included, on one
thread.

    OMP_NUM_THREADS=1 python linear_svm.py \
        --cases train.jsonl --queries dev.jsonl --label category
"""

import argparse
import json
import logging
import sys
import time
import unicodedata

import jieba
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

jieba.setLogLevel(logging.ERROR)


def normalise(text):
    """Full-width to half-width forms, lower case."""
    return unicodedata.normalize("NFKC", text or "").lower()


def words(text):
    """Words with at least one letter, digit or Han character."""
    return [w for w in jieba.lcut(text) if any(c.isalnum() for c in w)]


def chars(text):
    """Runs of 1 to 3 characters, white space removed."""
    t = "".join(text.split())
    return [t[i : i + n] for n in (1, 2, 3) for i in range(len(t) - n + 1)]


def joined(records):
    """Title and text as one string."""
    return [(r[0] + "。" + r[1]) if r[0] else r[1] for r in records]


def titles(records):
    return [r[0] for r in records]


def tfidf(analyzer, min_df):
    """Sublinear tf, smooth idf, each block of length one."""
    return TfidfVectorizer(
        analyzer=analyzer, sublinear_tf=True, min_df=min_df, dtype=np.float32
    )


def make_model(title_field, title_weight, min_df, c):
    """The vectoriser (a union of blocks) followed by the classifier."""

    def block(select, analyzer):
        pick = FunctionTransformer(select, validate=False)
        return Pipeline([("pick", pick), ("tfidf", tfidf(analyzer, min_df))])

    blocks = [("words", block(joined, words)), ("chars", block(joined, chars))]
    weights = {"words": 1.0, "chars": 1.0}
    if title_field:
        blocks += [
            ("title_words", block(titles, words)),
            ("title_chars", block(titles, chars)),
        ]
        weights.update(title_words=title_weight, title_chars=title_weight)
    union = FeatureUnion(blocks, transformer_weights=weights)
    return Pipeline([("features", union), ("svm", LinearSVC(C=c))])


def read(paths, label):
    """(title, text) pairs and labels; records without the label are left out."""
    records, labels = [], []
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if not line.strip():
                    continue
                row = json.loads(line)
                if row.get(label) in (None, ""):
                    continue
                records.append((normalise(row.get("title")), normalise(row["text"])))
                labels.append(row[label])
    return records, np.array(labels)


def main():
    ap = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument("--cases", action="append", required=True, metavar="FILE",
                    help="labelled cases to learn from; may be given again")
    ap.add_argument("--queries", action="append", required=True, metavar="FILE",
                    help="labelled texts to test on; may be given again")
    ap.add_argument("--label", required=True,
                    help="category, department, unit or scenario")
    ap.add_argument("--title-field", action="store_true",
                    help="the title is a field of its own besides")
    ap.add_argument("--title-weight", type=float, default=0.5,
                    help="weight of the title field (default %(default)s)")
    ap.add_argument("--min-df", type=int, default=2)
    ap.add_argument("-C", type=float, default=1.0, dest="c")
    ap.add_argument("--latency-sample", type=int, default=500,
                    help="messages timed one by one (default %(default)s)")
    args = ap.parse_args()

    train, y = read(args.cases, args.label)
    test, gold = read(args.queries, args.label)
    if not train or not test:
        sys.exit(f"no records with the field {args.label!r}")
    if args.title_field and not any(title for title, _ in train):
        sys.exit("--title-field: no case has a title")
    if len(set(y)) < 2:
        sys.exit("the cases have only one label")
    jieba.initialize()  # the dictionary is loaded before the clock starts

    start = time.perf_counter()
    model = make_model(args.title_field, args.title_weight, args.min_df, args.c)
    model.fit(train, y)
    train_seconds = time.perf_counter() - start

    scores = model.decision_function(test)
    if scores.ndim == 1:  # two labels: one column, for the second label
        scores = np.column_stack([-scores, scores])
    classes = model.named_steps["svm"].classes_
    best = classes[scores.argmax(axis=1)]
    top3 = classes[np.argsort(-scores, axis=1)[:, :3]]

    micros = []
    for record in test[: args.latency_sample]:
        start = time.perf_counter()
        model.predict([record])
        micros.append((time.perf_counter() - start) * 1e6)

    print(json.dumps({
        "n": len(test),
        "labels": len(classes),
        "accuracy": round(float((best == gold).mean()), 4),
        "macro_f1": round(float(f1_score(gold, best, average="macro", zero_division=0)), 4),
        "top3": round(float((top3 == gold[:, None]).any(axis=1).mean()), 4),
        "train_seconds": round(train_seconds, 2),
        "latency_us": {
            "p50": round(float(np.percentile(micros, 50))),
            "p99": round(float(np.percentile(micros, 99))),
        },
    }, ensure_ascii=False))


if __name__ == "__main__":
    main()
