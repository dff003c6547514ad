"""What every other room stands on and what knows nothing of emotion: errors, files, paths, plug-ins, processes."""
