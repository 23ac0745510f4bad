/** Shows the main job: a client counts on one connection while what runs its guest is killed. */
@NullMarked
package io.tardigrade.demo;

import org.jspecify.annotations.NullMarked;
