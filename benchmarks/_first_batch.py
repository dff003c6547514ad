"""What our training does until its first batch: `python -m benchmarks._first_batch CORPUS RECIPE BEGAN`."""

import sys
import time

import torch

from harness import cellrow, training
from harness.feed import Feed
from harness.inputs import with_modalities
from harness.labels import EMOTION7
from harness.protocols import single_source as protocol
from harness.settings import load, row
from harness.stages.transfer import checked

if __name__ == "__main__":
    corpus, name, began = sys.argv[1:]
    params = load()
    recipe = with_modalities(checked(name, row(params, "recipes", name)), params["encoders"])
    own = cellrow.inputs_of(corpus, recipe)
    (fold,) = protocol.folds(own.utterances)
    truth = own.labels(EMOTION7.name)
    train, dev = (cellrow.examples(own, ids, truth, EMOTION7) for ids in (fold.train, fold.dev))
    lesson = training.Lesson(train, dev, recipe)
    feed = Feed(train.x, recipe["normalise"], lesson.state)
    feed.batch(torch.randperm(len(feed))[: recipe["settings"]["batch"]])
    print(time.time() - float(began))
