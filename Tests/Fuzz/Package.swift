// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that building and testing Perseid never sees a fuzzer. It compiles the same sources, by
// links in `Sources`; `Tests/Fuzz/run` says with which flags.

/// As in the main package; with inner declarations in sight, for what a test of inner parsers needs.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-enable-testing"]),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

/// A room. Of some only a few files are linked: the others would bring half the house along.
func room(_ name: String, uses dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A fuzz target: libFuzzer brings `main`.
func fuzzer(_ name: String, uses dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: ["FuzzHarness"] + dependencies,
        swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
}

let package = Package(
    name: "perseid-fuzz",
    dependencies: [.package(url: "https://github.com/apple/swift-crypto", from: "4.5.2")],
    targets: [
        .target(name: "CLinux"),
        .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        room("BootProtocols"),
        room("PacketIO", uses: ["CLinux", "BootProtocols"]),
        room("PacketCapture", uses: ["CPcap", "BootProtocols"]),
        room("DiskLayout"),
        room("BootMachine", uses: ["BootProtocols", "DiskLayout"]),
        room("Registry", uses: ["BootMachine", "BootProtocols", crypto]),
        room("BootPolicy", uses: ["BootProtocols", "BootMachine", "Registry"]),
        room("DHCPService", uses: ["PacketIO", "BootPolicy", "BootMachine", "Registry", "BootProtocols"]),
        room("TFTPService", uses: ["PacketIO", "BootProtocols"]),
        .target(name: "CDigest"),
        room("CapsuleFormat", uses: ["CDigest", crypto]),
        room("CapsuleStore", uses: ["CapsuleFormat"]),
        room("BootHTTP", uses: ["BootProtocols"]),
        room(
            "AgentKit",
            uses: ["CLinux", "BootProtocols", "PacketIO", "CapsuleFormat", "BootMachine", "DiskLayout", crypto]),

        room("RegistrySQLite", uses: ["Registry", "BootProtocols"]),
        room("LinkWatch", uses: ["CLinux", "PacketIO", "PacketCapture", "BootProtocols"]),
        room("Dissection", uses: ["BootPolicy", "BootProtocols", "PacketCapture"]),

        .systemLibrary(name: "CAllocator"),
        .target(
            name: "FuzzHarness", dependencies: ["CAllocator", "PacketCapture", "BootProtocols"], swiftSettings: strict),
        fuzzer("FuzzDHCP", uses: ["BootProtocols"]),
        fuzzer("FuzzDHCPMachine", uses: ["BootProtocols", "DHCPService", "BootMachine", "BootPolicy", "Registry"]),
        fuzzer("FuzzDHCPProxy", uses: ["BootProtocols", "DHCPService", "BootMachine", "BootPolicy", "Registry"]),
        fuzzer("FuzzRelay", uses: ["BootProtocols", "DHCPService", "BootPolicy", "Registry"]),
        fuzzer("FuzzPXE", uses: ["BootProtocols", "BootPolicy"]),
        fuzzer("FuzzLeases", uses: ["RegistrySQLite", "Registry", "BootProtocols", "BootPolicy", "DHCPService"]),
        fuzzer("FuzzDissection", uses: ["Dissection", "PacketCapture", "BootPolicy", "BootProtocols"]),
        fuzzer("FuzzLink", uses: ["LinkWatch", "BootProtocols"]),
        fuzzer("FuzzFrames", uses: ["BootProtocols"]),
        fuzzer("FuzzTFTP", uses: ["BootProtocols"]),
        fuzzer("FuzzTFTPMachine", uses: ["BootProtocols", "TFTPService", "PacketIO"]),
        fuzzer("FuzzManifest", uses: ["CapsuleFormat"]),
        fuzzer("FuzzManifestJSON", uses: ["CapsuleFormat"]),
        fuzzer("FuzzIndex", uses: ["CapsuleFormat"]),
        fuzzer("FuzzHTTPHead", uses: ["AgentKit"]),
        fuzzer("FuzzAgent", uses: ["AgentKit", "BootProtocols", "BootMachine"]),
        fuzzer("FuzzMessages", uses: ["BootMachine", "BootProtocols"]),
        fuzzer("FuzzRoute", uses: ["BootHTTP", "BootProtocols"]),
        fuzzer("FuzzHTTPRequest", uses: ["BootHTTP"]),
        fuzzer("FuzzHTTPRange", uses: ["BootHTTP"]),
        fuzzer("FuzzTar", uses: ["CapsuleStore"]),
        fuzzer("FuzzImage", uses: ["CapsuleStore", "CapsuleFormat"]),
        fuzzer("FuzzNames", uses: ["BootProtocols", "CapsuleFormat"]),
    ]
)
