"""Sound in and out: sources, resampling, the pre-roll ring, end-pointing, files, playback."""
