/** Tests of volumes on a disk that crashes, and of the NBD server. */
@NullMarked
package io.tardigrade.block;

import org.jspecify.annotations.NullMarked;
