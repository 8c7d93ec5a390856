internal import Glibc

/// The directories from a tree's root down to where something is done, kept open from one name to the next: entries of
/// an archive mostly lie beside one another.
///
/// A symbolic link on the way is an error, or is followed as the tree's own programs would follow it: an absolute one
/// from the tree's root, and `..` never above that. It leads outside in neither case.
struct TreeWalk {
    private let root: TreeDirectory
    private var open: [(name: [UInt8], directory: TreeDirectory)] = []
    private let followsLinks: Bool

    /// As many as Linux follows (path_resolution(7)).
    private static let maximumLinks = 40

    /// - Parameter root: a directory, by a path that is the caller's own.
    init(_ root: String, followingLinks: Bool = false) throws(StoreError) {
        self.root = try TreeDirectory.root(root)
        followsLinks = followingLinks
    }

    enum Fault: Error {
        /// A component that is a link, of a tree whose links are not followed, or one too many.
        case link(TreePath)
        case notADirectory(TreePath)
        case missing(TreePath)
        case system(StoreError)
    }

    /// The directory at `path`.
    /// - Parameter make: makes one that is missing; nil leaves it an error. Gets its path, parent and name.
    mutating func directory(
        _ path: TreePath, make: ((TreePath, TreeDirectory, [UInt8]) throws(StoreError) -> Void)? = nil
    ) throws(Fault) -> TreeDirectory {
        var shared = 0
        for (component, level) in zip(path.components, open) {
            guard component == level.name else { break }
            shared += 1
        }
        open.removeLast(open.count - shared)
        var waiting = Array(path.components[shared...].reversed())
        var place = TreePath.root
        for level in open { place = place.appending(level.name) ?? place }
        var links = 0
        while let name = waiting.popLast() {
            if name == [0x2E, 0x2E] {
                _ = open.popLast()
                place = place.parent
                continue
            }
            guard let here = place.appending(name) else { throw .missing(place) }
            let parent = open.last?.directory ?? root
            if let target = parent.linkTarget(name) {
                links += 1
                guard followsLinks, links <= Self.maximumLinks, waiting.count < TreePath.maximumDepth else {
                    throw .link(here)
                }
                if target.first == 0x2F {
                    open.removeAll()
                    place = .root
                }
                let parts = target.split(separator: 0x2F).map { Array($0) }.filter { $0 != [0x2E] }
                waiting += parts.reversed()
                continue
            }
            try step(parent, name, here, make)
            place = here
        }
        return open.last?.directory ?? root
    }

    private mutating func step(
        _ parent: TreeDirectory, _ name: [UInt8], _ here: TreePath,
        _ make: ((TreePath, TreeDirectory, [UInt8]) throws(StoreError) -> Void)?
    ) throws(Fault) {
        do {
            if parent.status(name) == nil {
                guard let make else { throw Fault.missing(here) }
                try make(here, parent, name)
            }
            guard parent.isDirectory(name) else { throw Fault.notADirectory(here) }
            open.append((name, try parent.openDirectory(name)))
        } catch let fault as Fault {
            throw fault
        } catch let error as StoreError {
            throw .system(error)
        } catch {
            throw .missing(here)
        }
    }

    /// Where the last walk ended: another path than was asked for where links were followed.
    var place: TreePath {
        open.reduce(TreePath.root) { $0.appending($1.name) ?? $0 }
    }

    /// Closes the directories below `path`, one of which is about to go.
    mutating func leave(below path: TreePath) {
        if open.count > path.components.count { open.removeLast(open.count - path.components.count) }
    }
}
