"""Model families, walk-forward training, trials and artifacts. How good a forecast is stands in `kairos.evaluation`."""
