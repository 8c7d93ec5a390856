package import CapsuleFormat
package import PacketIO

/// A capsule whose head this node may trust: the verified manifest and the index that it pins.
package struct CapsuleContents: Sendable {
    package let generation: CapsuleGeneration
    package let manifest: CapsuleManifest
    package let index: CapsuleIndex

    /// Where the public keys are that this node's capsules must be signed with.
    package static let trustedDirectory = "/etc/perseid/trusted"

    /// Fetches manifest and index and verifies both; nothing else of the capsule is asked for before.
    package static func fetch(
        _ capsule: String, through api: inout NodeAPI, trusting keys: TrustedKeys
    ) throws(CapsuleProblem) -> CapsuleContents {
        guard let generation = CapsuleGeneration(capsule) else { throw .badName(capsule) }
        let manifest = try fetchManifest(generation, &api, keys)
        let bytes: [UInt8]
        do throws(NodeAPIError) {
            bytes = try api.index(of: capsule, limit: manifest.index.size)
        } catch {
            throw .unavailable(capsule, error)
        }
        do throws(IndexError) {
            let index = try CapsuleIndex(bytes, pinnedBy: manifest)
            return CapsuleContents(generation: generation, manifest: manifest, index: index)
        } catch {
            throw .index(capsule, error)
        }
    }

    private static func fetchManifest(
        _ generation: CapsuleGeneration, _ api: inout NodeAPI, _ keys: TrustedKeys
    ) throws(CapsuleProblem) -> CapsuleManifest {
        let bytes: [UInt8]
        do throws(NodeAPIError) {
            bytes = try api.manifest(of: "\(generation)", limit: SignedManifest.maximumSize)
        } catch {
            throw .unavailable("\(generation)", error)
        }
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
