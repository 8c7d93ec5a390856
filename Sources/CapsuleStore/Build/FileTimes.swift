internal import Glibc

/// The modification times of a tree that we made.
struct FileTimes {
    private let paths: [String]
    private let times: [Int64]

    /// Reads them; links are not followed.
    init(of directory: String) throws(StoreError) {
        paths = [directory] + (try DurableFiles.walk(directory)).map { "\(directory)/\($0)" }
        times = paths.map { DurableFiles.status($0)?.modified ?? 0 }
    }

    /// Gives whatever was made since `startOfBuild` the time of the newest file that is older: the newest file of the
    /// packages. Two builds of the same packages then have the same times.
    func clamp(startOfBuild: Int64) throws(StoreError) {
        let newest = times.filter { $0 < startOfBuild }.max() ?? 0
        for (path, time) in zip(paths, times) where time > newest { try Self.set(path, to: newest) }
    }

    /// The newest of them.
    var newest: Int64 { times.max() ?? 0 }

    /// Gives directories that were written into the time that they had, and what is new the newest of them.
    func restore(in directory: String) throws(StoreError) {
        let known = Dictionary(zip(paths, times)) { first, _ in first }
        let now = try FileTimes(of: directory)
        for (path, time) in zip(now.paths, now.times) {
            guard let before = known[path] else {
                try Self.set(path, to: newest)
                continue
            }
            if before != time, DurableFiles.status(path)?.kind == .directory { try Self.set(path, to: before) }
        }
    }

    /// Gives every file the same time.
    func setAll(to time: Int64) throws(StoreError) {
        for path in paths { try Self.set(path, to: time) }
    }

    /// Gives the directory itself the time 0: it was made here, what is in it was not.
    static func setRoot(_ directory: String) throws(StoreError) {
        try set(directory, to: 0)
    }

    private static func set(_ path: String, to time: Int64) throws(StoreError) {
        let stamp = timespec(tv_sec: Int(time), tv_nsec: 0)
        guard utimensat(AT_FDCWD, path, [stamp, stamp], AT_SYMLINK_NOFOLLOW) == 0 else {
            throw .lastCall("set the time of", path)
        }
    }
}
