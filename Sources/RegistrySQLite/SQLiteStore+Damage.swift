import Glibc
public import Registry

extension SQLiteStore {
    /// Moves a damaged registry out of the way, with its log and its shared memory, so that the next one to open it begins
    /// with an empty one. Nothing of it is changed or lost. Only for who knows that nobody else has it open.
    /// - Parameter stamp: becomes part of the new name: the time.
    /// - Returns: the path that it is kept under.
    public static func keepAside(path: String, stamp: String) throws(RegistryError) -> String {
        let kept = "\(path).damaged-\(stamp)"
        // The log first: without it the file is what was last folded into it, and still a database.
        for ending in ["-wal", "-shm", ""] {
            guard rename(path + ending, kept + ending) != 0, errno != ENOENT else { continue }
            throw .cannotOpen(path: path, reason: "it cannot be kept aside: \(String(cString: strerror(errno)))")
        }
        return kept
    }
}
