"""Run by the Python that has nkululeko: extract the features of an experiment, and print the seconds it took."""

import configparser
import sys
import time

from nkululeko.experiment import Experiment

if __name__ == "__main__":
    settings = configparser.ConfigParser()
    settings.read(sys.argv[1])
    experiment = Experiment(settings)
    experiment.set_module("nkululeko")
    experiment.load_datasets()
    experiment.fill_train_and_tests()
    start = time.perf_counter()
    experiment.extract_feats()
    print(f"\nSECONDS {time.perf_counter() - start:.3f} ROWS none")
