"""What our training does until its first batch: `python -m benchmarks._first_batch CORPUS RECIPE BEGAN`."""

import sys
import time

import torch

from harness.study.labels import EMOTION7
from harness.study.params.load import load
from harness.study.params.rows import row
from harness.training import matrix_row, replicates
from harness.training.batches import Feed
from harness.training.corpus_features import corpus_features, with_modalities

if __name__ == "__main__":
    corpus, name, began = sys.argv[1:]
    params = load()
    recipe = with_modalities(row(params, "recipes", name), params["encoders"])
    own = corpus_features(corpus, recipe)
    (fold,) = own.prepared.folds
    truth = own.labels(EMOTION7.name)
    train, dev = (matrix_row.examples(own, ids, truth, EMOTION7) for ids in (fold.train, fold.dev))
    data = replicates.TrainingData(train, dev, recipe)
    feed = Feed(train.x, recipe["normalise"], data.state)
    feed.batch(torch.randperm(len(feed))[: recipe["settings"]["batch"]])
    print(time.time() - float(began))
