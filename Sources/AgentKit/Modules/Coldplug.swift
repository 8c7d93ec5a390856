internal import Glibc

/// The devices that were there before anybody listened.
package enum Coldplug {
    /// What every device below `root` calls itself (its `modalias` file), each once, in the order of the tree.
    /// Links are not followed: sysfs names a device by its directory and links to it from everywhere else.
    package static func modaliases(under root: String) -> [String] {
        var found: [String] = []
        var known: Set<String> = []
        var waiting = [root]
        while let directory = waiting.popLast() {
            guard let stream = opendir(directory) else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if entry.pointee.d_type == UInt8(DT_DIR), name != ".", name != ".." {
                    waiting.append("\(directory)/\(name)")
                } else if name == "modalias", let text = SmallFile.text("\(directory)/\(name)") {
                    if known.insert(text).inserted { found.append(text) }
                }
            }
        }
        return found
    }
}
