internal import CapsuleFormat

/// Where everything lies in the state directory. Names that a person chose are `CapsuleName`s and so stay one
/// component long.
struct StoreLayout: Hashable, Sendable {
    /// The state directory, without a slash at the end.
    let state: String

    init(state: String) {
        var trimmed = Substring(state)
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
        self.state = trimmed.isEmpty ? "." : String(trimmed)
    }

    var capsules: String { "\(state)/capsules" }
    var bundles: String { "\(state)/bundles" }
    var keys: String { "\(state)/keys" }
    var signingKey: String { "\(keys)/signing.key" }
    var nextKey: String { "\(keys)/next.key" }
    var retiredKeys: String { "\(keys)/retired" }
    func publicKey(_ id: KeyID) -> String { "\(keys)/\(id).pub" }
    var locks: String { "\(state)/locks" }
    /// What is being built, one directory per name, for root's eyes.
    var builds: String { "\(state)/build" }
    /// What can be fetched again: kernel packages.
    var cache: String { "\(state)/cache" }
    /// A symbolic link to the newest `stage1-…` beside it; `stage1.arm64` to the newest `stage1.arm64-…`.
    func stage1(_ architecture: MachineArchitecture) -> String {
        architecture == .amd64 ? "\(state)/stage1" : "\(state)/stage1.\(architecture.rawValue)"
    }
    /// What the server boots by default, as it was started last.
    var served: String { "\(state)/served-capsule" }
    var catalogue: String { "\(state)/chunks.catalogue" }
    /// Held while anything becomes visible. No capsule has this name.
    var publishLock: String { "\(locks)/.publish" }
    /// Held together by builds that share chunks, alone by a collection.
    var bundlesLock: String { "\(locks)/.bundles" }

    func bundle(_ id: ContentDigest) -> String { "\(bundles)/\(id.hex)" }
    func capsule(_ name: CapsuleName) -> String { "\(capsules)/\(name)" }
    func generations(_ name: CapsuleName) -> String { "\(capsule(name))/generations" }
    func generation(_ generation: CapsuleGeneration) -> String {
        "\(generations(generation.name))/\(generation.number)"
    }
    func channels(_ name: CapsuleName) -> String { "\(capsule(name))/channels" }
    func channel(_ channel: CapsuleName, of name: CapsuleName) -> String { "\(channels(name))/\(channel)" }
    /// The highest number that was deleted, so that it is not given again.
    func highestDeleted(_ name: CapsuleName) -> String { "\(capsule(name))/highest-deleted" }
    /// A `RetentionPolicy`.
    func retention(_ name: CapsuleName) -> String { "\(capsule(name))/retention" }
    func lock(_ name: CapsuleName) -> String { "\(locks)/\(name)" }
    func build(_ name: CapsuleName) -> String { "\(builds)/\(name)" }
}
