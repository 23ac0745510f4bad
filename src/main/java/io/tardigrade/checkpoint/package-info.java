/** The committed image of a guest: its memory at the newest committed epoch, changed atomically. */
@NullMarked
package io.tardigrade.checkpoint;

import org.jspecify.annotations.NullMarked;
