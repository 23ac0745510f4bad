package io.tardigrade.replica;

import io.tardigrade.checkpoint.Staging;

/**
 * An epoch of the guest that runs here: its pages wait in the image to be sealed, its disk writes
 * in the volumes to be committed.
 */
record Captured(Staging staging, StateSpace state) {}
