public import CapsuleFormat

extension CapsuleStore {
    /// What a node that has `old` fetches to have `new`, and what is other in it.
    /// - Throws: `CapsuleBuildError`.
    public func difference(
        from old: CapsuleGeneration, to new: CapsuleGeneration
    ) async throws(CapsuleBuildError) -> CapsuleDifference {
        do {
            let before = try Side(old, of: self)
            let after = try Side(new, of: self)
            let streams = CapsuleDifference.streams(from: before.index, to: after.index)
            let lock = try OpenFile.locking("\(layout.locks)/.compare")
            try await lock.lockPatiently()
            let scratch = "\(layout.builds)/.compare"
            try await Program.rm.run(["-rf", "--one-file-system", "--", scratch])
            try DurableFiles.makeDirectory(scratch, permissions: 0o700)
            let images = try await images(before, after, in: scratch)
            try await Program.rm.run(["-rf", "--one-file-system", "--", scratch])
            withExtendedLifetime(lock) {}
            return CapsuleDifference(streams: streams, files: images?.files, packages: images?.packages)
        } catch let error as CapsuleBuildError {
            throw error
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            throw Task.isCancelled ? .cancelled : .badSource(path: "\(old) and \(new)", reason: "\(error)")
        }
    }

    /// One of the two.
    private struct Side {
        let manifest: CapsuleManifest
        let index: CapsuleIndex

        init(_ generation: CapsuleGeneration, of store: CapsuleStore) throws(StoreError) {
            manifest = try store.manifest(of: generation)
            index = try store.index(of: generation, pinnedBy: manifest)
        }
    }

    /// Compares the images that differ; nil where nobody can look into them.
    private func images(
        _ before: Side, _ after: Side, in scratch: String
    ) async throws -> (files: CapsuleDifference.Names, packages: [CapsuleDifference.Package]?)? {
        var old = ImageListing.empty
        var new = ImageListing.empty
        var packages: [CapsuleDifference.Package]? = []
        for role in [StreamRole.root, .modules]
        where before.manifest.stream(role)?.sha256 != after.manifest.stream(role)?.sha256 {
            let paths = ["\(scratch)/old-\(role.rawValue)", "\(scratch)/new-\(role.rawValue)"]
            let hasOld = try extract(role, of: before.index, to: paths[0])
            let hasNew = try extract(role, of: after.index, to: paths[1])
            do {
                if hasOld { old.add(try await listing(of: paths[0])) }
                if hasNew { new.add(try await listing(of: paths[1])) }
            } catch CapsuleBuildError.programMissing {
                return nil
            }
            guard role == .root else { continue }
            let versions = (
                hasOld ? try? await installed(paths[0]) : nil, hasNew ? try? await installed(paths[1]) : nil
            )
            if let from = versions.0, let to = versions.1 {
                packages = CapsuleDifference.packages(from: from, to: to)
            } else {
                packages = nil
            }
        }
        return (old.changes(to: new), packages)
    }

    private func listing(of image: String) async throws -> ImageListing {
        ImageListing(try await Program.unsquashfs.output(["-lln", "-d", "", Program.operand(image)]))
    }

    /// Versions by name of the packages in an image, from dpkg's database or rpm's.
    private func installed(_ image: String) async throws -> [String: String] {
        let file = Program.operand(image)
        if let status = try? await Program.unsquashfs.output(["-cat", file, "var/lib/dpkg/status"]) {
            return PackageStatus.versions(status)
        }
        let places = ["usr/lib/sysimage/rpm", "var/lib/rpm"]
        let tree = "\(image).rpm"
        try await Program.unsquashfs.run(["-n", "-d", tree, file] + places)
        guard let place = places.first(where: { DurableFiles.status("\(tree)/\($0)")?.kind == .directory }) else {
            throw CapsuleBuildError.badSource(path: image, reason: "no database of packages")
        }
        return RPMPackages.versions(
            try await Program.rpm.output(["--dbpath", "\(tree)/\(place)", "-qa", "--queryformat", RPMPackages.format]))
    }

    /// Writes a stream to a file, each chunk verified.
    /// - Returns: false where there is no such stream.
    public func extract(_ role: StreamRole, of index: CapsuleIndex, to path: String) throws(StoreError) -> Bool {
        guard let stream = index.stream(role) else { return false }
        let file = try OpenFile.creating(path, permissions: 0o600)
        var stored = StoredChunks(of: index, in: layout)
        for chunk in index.chunks[stream.chunks] {
            let bytes = try stored.read(
                chunk.id, length: chunk.storedLength, bundle: Int(chunk.bundle), offset: chunk.offset)
            try file.write(bytes.span.bytes)
        }
        return true
    }
}
