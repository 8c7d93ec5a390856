internal import CapsuleFormat
internal import PacketIO

/// A capsule's images on their way into memory: kept over failures, so that the next try asks only for what is
/// missing.
package struct CapsuleAssembly: Sendable {
    package let contents: CapsuleContents
    package let root: StreamFile
    /// Nil for a capsule whose kernel has everything built in.
    package let modules: StreamFile?
    package let transfer: CapsuleTransfer

    /// What assembling may take beyond the images, in bytes: buffers of the connections, the overlay, page tables.
    package static let margin: Int64 = 64 << 20

    /// Makes the files that the capsule's images are to be assembled in.
    /// - Parameters:
    ///   - cache: where chunks may be, and are kept.
    package static func begin(
        _ contents: CapsuleContents, cache: ChunkCache? = nil, pace: TransferPace = TransferPace(bytesPerSecond: nil)
    ) throws(CapsuleProblem) -> CapsuleAssembly {
        let hasModules = contents.index.stream(.modules) != nil
        let streams = try contents.streams(hasModules ? [.root, .modules] : [.root])
        do throws(SystemError) {
            // A capsule fetched or unpacked before, in vain, makes room.
            try RootAssembly.release()
        } catch {
            throw .noRoom("\(contents.generation)", error)
        }
        let size = streams.reduce(Int64(0)) { $0 + $1.size }
        if let memory = MemoryInfo.now(), memory.availableBytes < size + margin {
            throw .notEnoughMemory("\(contents.generation)", needs: size + margin, available: memory.availableBytes)
        }
        do throws(SystemError) {
            try RootAssembly.prepareImages(bytes: size)
            let root = try RootAssembly.imageFile("root")
            let modules = hasModules ? try RootAssembly.imageFile("modules") : nil
            let files = [root] + (modules.map { [$0] } ?? [])
            return CapsuleAssembly(
                contents: contents, root: root, modules: modules,
                transfer: CapsuleTransfer(streams, into: files, cache: cache, pace: pace))
        } catch {
            throw .noRoom("\(contents.generation)", error)
        }
    }

    /// Whether these are the bytes that another try wants.
    package func continues(_ other: CapsuleContents) -> Bool {
        contents.generation == other.generation && contents.manifest.index.sha256 == other.manifest.index.sha256
    }
}
