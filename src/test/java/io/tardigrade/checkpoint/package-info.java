/** Tests of the committed image, most of them on a simulated disk that can be stopped anywhere. */
@NullMarked
package io.tardigrade.checkpoint;

import org.jspecify.annotations.NullMarked;
