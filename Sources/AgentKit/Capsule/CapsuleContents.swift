package import CapsuleFormat
package import PacketIO

/// A capsule whose head this node may trust: the verified manifest and the index that it pins.
package struct CapsuleContents: Sendable {
    package let generation: CapsuleGeneration
    package let manifest: CapsuleManifest
    package let index: CapsuleIndex

    /// Where the public keys are that this node's capsules must be signed with.
    package static let trustedDirectory = "/etc/perseid/trusted"

    /// The bytes that both were read from.
    package let head: CapsuleHead

    /// Fetches manifest and index and verifies both; nothing else of the capsule is asked for before.
    /// - Parameter head: those that are on this node already. They are taken if they are this capsule's and verify as
    ///   those from the network would.
    package static func fetch(
        _ capsule: String, through api: inout NodeAPI, trusting keys: TrustedKeys, unless head: CapsuleHead? = nil
    ) throws(CapsuleProblem) -> CapsuleContents {
        guard let generation = CapsuleGeneration(capsule) else { throw .badName(capsule) }
        if let head, let contents = try? CapsuleContents(generation, head, trusting: keys) { return contents }
        let manifest = try available(capsule) { () throws(NodeAPIError) in
            try api.manifest(of: "\(generation)", limit: SignedManifest.maximumSize)
        }
        let size = try verify(manifest, generation, keys).index.size
        let index = try available(capsule) { () throws(NodeAPIError) in try api.index(of: capsule, limit: size) }
        return try CapsuleContents(generation, CapsuleHead(manifest: manifest, index: index), trusting: keys)
    }

    private static func available(
        _ capsule: String, _ fetch: () throws(NodeAPIError) -> [UInt8]
    ) throws(CapsuleProblem) -> [UInt8] {
        do throws(NodeAPIError) { return try fetch() } catch { throw .unavailable(capsule, error) }
    }

    /// Verifies a head and reads it.
    package init(
        _ generation: CapsuleGeneration, _ head: CapsuleHead, trusting keys: TrustedKeys
    ) throws(CapsuleProblem) {
        manifest = try Self.verify(head.manifest, generation, keys)
        do throws(IndexError) {
            index = try CapsuleIndex(head.index, pinnedBy: manifest)
        } catch {
            throw .index("\(generation)", error)
        }
        self.generation = generation
        self.head = head
    }

    /// Reads a head that this node has kept, of whatever generation. Not by its expiry: its chunks are pinned by others.
    init(kept head: CapsuleHead, trusting keys: TrustedKeys) throws(ManifestError) {
        manifest = try SignedManifest.verify(head.manifest, trusting: keys, expecting: nil, now: 0)
        do throws(IndexError) {
            index = try CapsuleIndex(head.index, pinnedBy: manifest)
        } catch {
            throw .malformed(error.description)
        }
        guard let generation = CapsuleGeneration(name: manifest.name, number: manifest.generation) else {
            throw .malformed("it names no generation")
        }
        self.generation = generation
        self.head = head
    }

    private static func verify(
        _ bytes: [UInt8], _ generation: CapsuleGeneration, _ keys: TrustedKeys
    ) throws(CapsuleProblem) -> CapsuleManifest {
        do throws(ManifestError) {
            return try SignedManifest.verify(
                bytes, trusting: keys, expecting: generation, now: BootClock.wallSeconds())
        } catch {
            throw .manifest("\(generation)", error)
        }
    }

    /// The streams of some roles, in this order.
    /// - Throws: `.noStream` for one that the capsule lacks.
    package func streams(_ roles: [StreamRole]) throws(CapsuleProblem) -> [ChunkedStream] {
        var found: [ChunkedStream] = []
        for role in roles {
            guard let stream = ChunkedStream(role, of: index) else { throw .noStream("\(generation)", role) }
            found.append(stream)
        }
        return found
    }
}

/// Why a capsule cannot be booted.
package enum CapsuleProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case badName(String)
    case unavailable(String, NodeAPIError)
    case manifest(String, ManifestError)
    case index(String, IndexError)
    case noStream(String, StreamRole)
    /// The image is for another kernel than the one that runs.
    case otherKernel(String, wants: String, runs: String)
    case notEnoughMemory(String, needs: Int64, available: Int64)
    case noRoom(String, SystemError)

    package var description: String {
        switch self {
        case .badName(let name): "the plan's capsule '\(name)' is no exact generation such as compute@12"
        case .unavailable(let name, let error): "\(name): \(error)"
        case .manifest(let name, let error): "\(name) is refused: \(error)"
        case .index(let name, let error): "\(name) is refused: \(error)"
        case .noStream(let name, let role): "\(name) has no stream '\(role.rawValue)'"
        case .otherKernel(let name, let wants, let runs):
            "\(name) is for kernel \(wants), this is \(runs): its modules would not load; plan the handoff kexec"
        case .notEnoughMemory(let name, let needs, let available):
            "\(name) needs \(mebibytes(needs)) of memory to assemble, \(mebibytes(available)) are available"
        case .noRoom(let name, let error): "no room to assemble \(name) in: \(error)"
        }
    }
}
