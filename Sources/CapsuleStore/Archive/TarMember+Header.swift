extension TarMember {
    /// Puts a header and what stood before it together.
    /// - Throws: `.refused` with the entry's name, `.badHeader`.
    init(
        _ header: TarHeader, _ next: TarReader.NextMember, defaults: PaxRecords, offset: Int64
    ) throws(TarError) {
        let pax = next.pax ?? PaxRecords()
        let name = pax.values["path"] ?? next.longName ?? defaults.values["path"] ?? header.name
        let shown = PrintableName.text(name)
        func refused(_ reason: String) -> TarError { .refused(member: shown, reason: reason) }
        func number(_ key: String, _ field: Int64) throws(TarError) -> Int64 {
            do throws(PaxRecords.Fault) {
                if let value = try pax.number(key) { return value }
                return try defaults.number(key) ?? field
            } catch {
                throw .refused(member: shown, reason: error.words)
            }
        }
        guard let key = pax.sparseKey ?? defaults.sparseKey else {
            let link = pax.values["linkpath"] ?? next.longLink ?? header.linkName
            path = try Self.path(name, of: shown)
            kind = try Self.kind(header, name: name, link: link, shown: shown)
            permissions = header.permissions
            modified = try number("mtime", header.modified)
            size = try number("size", header.size)
            attributes = pax.attributes
            let (owner, group) = (try number("uid", header.owner), try number("gid", header.group))
            // The last one means "leave it" to chown(2).
            guard (0..<Int64(UInt32.max)).contains(owner), (0..<Int64(UInt32.max)).contains(group) else {
                throw refused("its owner is \(owner):\(group), which is nobody's number")
            }
            (self.owner, self.group) = (UInt32(truncatingIfNeeded: owner), UInt32(truncatingIfNeeded: group))
            guard size >= 0, size <= Self.maximumSize else { throw refused("it says that it has \(size) bytes") }
            guard kind == .file || size == 0 else {
                throw refused("it says that it has \(size) bytes, and its kind has no contents")
            }
            return
        }
        throw refused("it is a sparse file (\(key)); write the archive without --sparse")
    }

    /// More than any file of a file system (ext4: 16 TiB), and far from an overflow.
    private static let maximumSize: Int64 = 1 << 50

    private static func path(_ name: [UInt8], of shown: String) throws(TarError) -> TreePath {
        guard !name.isEmpty else { throw .refused(member: shown, reason: "it has no name") }
        do {
            return try TreePath(name)
        } catch {
            throw .refused(member: shown, reason: error.words)
        }
    }

    private static func kind(
        _ header: TarHeader, name: [UInt8], link: [UInt8], shown: String
    ) throws(TarError) -> Kind {
        func refused(_ reason: String) -> TarError { .refused(member: shown, reason: reason) }
        switch header.type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
            // Version 7 has no type for directories.
            return name.last == 0x2F ? .directory : .file
        case UInt8(ascii: "1"):
            do {
                let target = try TreePath(link)
                guard !target.isRoot else { throw refused("it is a hard link to nothing") }
                return .hardLink(target: target)
            } catch let fault as TreePath.Fault {
                throw refused(
                    "it is a hard link to '\(PrintableName.text(link))', outside of the archive (\(fault.words))")
            } catch let error as TarError {
                throw error
            } catch {
                throw refused("\(error)")
            }
        case UInt8(ascii: "2"):
            guard (1...TreePath.maximumLength).contains(link.count), !link.contains(0) else {
                throw refused("it is a symbolic link without a target, or with one that is too long")
            }
            return .symbolicLink(target: link)
        case UInt8(ascii: "3"), UInt8(ascii: "4"): return try device(header, refused: refused)
        case UInt8(ascii: "5"): return .directory
        case UInt8(ascii: "6"): return .pipe
        case UInt8(ascii: "S"): throw refused("it is a sparse file; write the archive without --sparse")
        default: throw refused("it is of the kind '\(PrintableName.text([header.type]))', which is not supported")
        }
    }

    private static func device(_ header: TarHeader, refused: (String) -> TarError) throws(TarError) -> Kind {
        guard (0..<(1 << 12)).contains(header.deviceMajor), (0..<(1 << 20)).contains(header.deviceMinor) else {
            throw refused("it is a device with the numbers \(header.deviceMajor), \(header.deviceMinor)")
        }
        let major = UInt32(truncatingIfNeeded: header.deviceMajor)
        let minor = UInt32(truncatingIfNeeded: header.deviceMinor)
        return header.type == UInt8(ascii: "3")
            ? .characterDevice(major: major, minor: minor) : .blockDevice(major: major, minor: minor)
    }
}
