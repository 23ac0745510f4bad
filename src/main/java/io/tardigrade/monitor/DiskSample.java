package io.tardigrade.monitor;

/**
 * One look at a file system and the disk beneath it.
 *
 * @param name what it is called, such as its path
 * @param totalBytes 0 where this is a disk without a file system that we look at
 * @param errors since the driver or file system began to count
 * @param state as the kernel has it, such as {@code running}, {@code live}; empty where unknown
 */
public record DiskSample(String name, long totalBytes, long freeBytes, long errors, String state) {}
