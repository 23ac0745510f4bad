/**
 * Turns a user's program, container archive or disk into something a guest can boot: kernel,
 * initramfs, root disk and command line.
 */
@NullMarked
package io.tardigrade.image;

import org.jspecify.annotations.NullMarked;
