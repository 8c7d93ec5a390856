internal import CLinux

/// What becomes of memory that was freed.
public enum HeapMemory {
    /// Has large blocks go back to the kernel as soon as they are freed. To be called once, early.
    public static func returnLargeBlocks() { perseid_return_large_blocks() }

    /// Gives free pages back to the kernel; takes some milliseconds.
    public static func returnFreePages() { perseid_return_free_memory() }
}
