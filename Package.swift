// swift-tools-version: 6.2
import PackageDescription

/// Every target is held to the same bar: Swift 6 mode, explicit `any`, imports that say
/// what a file uses, and no warning survives.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

/// A room of the house: a Swift target with the strict settings.
func room(_ name: String, uses dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of a room, named after it.
func tests(of name: String, uses dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: strict)
}

let package = Package(
    name: "perseid",
    products: [
        .executable(name: "perseid", targets: ["perseid"]),
        .executable(name: "perseid-agent", targets: ["perseid-agent"]),
        .executable(name: "perseid-storm", targets: ["perseid-storm"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .target(name: "CLinux"),
        .target(name: "CEarlyInit"),
        .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        room("BootProtocols"),
        room("PacketIO", uses: ["CLinux", "BootProtocols"]),
        room("PacketCapture", uses: ["CPcap"]),
        room("DiskLayout"),
        room("PowerControl", uses: ["BootProtocols", "Registry", subprocess]),
        room("LayoutFiles", uses: ["BootMachine", "DiskLayout", .product(name: "Yams", package: "Yams")]),
        room("BootMachine", uses: ["BootProtocols", "DiskLayout"]),
        .target(name: "CDigest"),
        room("CapsuleFormat", uses: ["CDigest", crypto]),
        room("CapsuleStore", uses: ["CapsuleFormat", "CLinux", subprocess]),
        room("Registry", uses: ["BootMachine", "BootProtocols", crypto]),
        room("NodeLists", uses: ["Registry", "BootProtocols", .product(name: "Yams", package: "Yams")]),
        room("Administration", uses: ["Registry", "NodeLists", "PowerControl", "BootMachine", "BootProtocols"]),
        room("RegistrySQLite", uses: ["Registry", .product(name: "GRDB", package: "GRDB.swift")]),
        room("BootPolicy", uses: ["BootProtocols", "BootMachine", "Registry"]),
        room("DHCPService", uses: ["PacketIO", "BootPolicy", "Registry", "BootMachine", "BootProtocols"]),
        room("LinkWatch", uses: ["CLinux", "PacketIO", "PacketCapture", "BootProtocols"]),
        room("Dissection", uses: ["BootPolicy", "BootProtocols", "PacketCapture"]),
        room("TFTPService", uses: ["PacketIO", "BootProtocols"]),
        room(
            "BootHTTP",
            uses: [
                "BootMachine", "BootPolicy", "BootProtocols", "DiskLayout", "PacketIO", "Registry", "CapsuleFormat",
                "CapsuleStore",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Mustache", package: "swift-mustache"),
            ]),
        room(
            "ControlPlane",
            uses: [
                "Administration", "PacketIO", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                logging,
            ]),
        room(
            "AgentKit", uses: ["CLinux", "BootProtocols", "PacketIO", "CapsuleFormat", "BootMachine", "DiskLayout"]),
        .executableTarget(
            name: "perseid-agent", dependencies: ["AgentKit", "CEarlyInit", "PacketIO"], swiftSettings: strict),
        room("StormKit", uses: ["BootProtocols", "PacketIO", "CLinux"]),
        .executableTarget(
            name: "perseid-storm",
            dependencies: [
                "StormKit", "BootLab", "BootMachine", "BootProtocols", "PacketIO", "Registry", "RegistrySQLite",
                "Administration", "CapsuleFormat", "CapsuleStore", argumentParser,
            ],
            swiftSettings: strict),
        room(
            "BootLab",
            uses: [
                "BootProtocols", "PacketIO", "CLinux", subprocess,
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .executableTarget(
            name: "perseid",
            dependencies: [
                "BootProtocols", "PacketIO", "BootMachine", "CapsuleFormat", "CapsuleStore",
                "Registry", "RegistrySQLite", "NodeLists", "PowerControl", "Administration", "BootPolicy",
                "DHCPService", "TFTPService",
                "BootHTTP",
                "BootLab", "CLinux", "DiskLayout", "LayoutFiles", "LinkWatch", "PacketCapture", "Dissection",
                "ControlPlane",
                argumentParser, logging, lifecycle, .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),

        tests(of: "BootProtocols", uses: ["PacketCapture"]),
        tests(of: "PacketIO", uses: ["BootProtocols", "CLinux"]),
        tests(of: "BootMachine"),
        tests(of: "DiskLayout"),
        tests(
            of: "PowerControl",
            uses: ["Registry", subprocess, .product(name: "SystemPackage", package: "swift-system")]),
        tests(of: "LayoutFiles", uses: ["DiskLayout"]),
        tests(of: "CapsuleFormat"),
        tests(of: "CapsuleStore", uses: ["CapsuleFormat"]),
        tests(of: "NodeLists", uses: ["BootProtocols"]),
        tests(
            of: "Administration",
            uses: ["Registry", "RegistrySQLite", "PowerControl", "BootMachine", "BootProtocols"]),
        tests(of: "RegistrySQLite", uses: ["Registry", "BootMachine", "BootProtocols"]),
        tests(of: "BootPolicy", uses: ["BootMachine", "BootProtocols", "Registry", "PacketCapture"]),
        tests(
            of: "DHCPService",
            uses: [
                "Administration", "BootMachine", "BootProtocols", "BootPolicy", "LinkWatch", "PacketIO",
                "PacketCapture", "Registry", "StormKit",
            ]),
        tests(of: "LinkWatch", uses: ["BootProtocols", "PacketCapture"]),
        tests(of: "Dissection", uses: ["BootProtocols", "PacketCapture"]),
        tests(
            of: "ControlPlane",
            uses: ["Administration", "BootMachine", "PacketIO", "PowerControl", "Registry", "RegistrySQLite", logging]),
        tests(of: "TFTPService", uses: ["BootProtocols", "PacketIO"]),
        tests(
            of: "BootHTTP",
            uses: [
                "BootMachine", "BootPolicy", "BootProtocols", "DiskLayout", "PacketIO", "Registry", "RegistrySQLite",
                "CapsuleFormat", "CapsuleStore", subprocess, .product(name: "NIOCore", package: "swift-nio"),
            ]),
        tests(of: "AgentKit", uses: ["CapsuleFormat", "BootMachine", "BootProtocols", "DiskLayout", "PacketIO"]),
        tests(of: "StormKit", uses: ["BootProtocols"]),
        tests(
            of: "perseid",
            uses: [
                "Administration", "AgentKit", "BootMachine", "BootHTTP", "BootProtocols", "CLinux", "CapsuleFormat",
                "CapsuleStore", "DHCPService", "PacketIO", "Registry", "RegistrySQLite", "TFTPService",
                .product(name: "Yams", package: "Yams"),
            ]),
        tests(of: "BootLab", uses: ["BootProtocols"]),
        .testTarget(
            name: "CommandTests", dependencies: ["BootProtocols", "PacketIO", "TFTPService", subprocess],
            swiftSettings: strict),
        .testTarget(
            name: "BootTests",
            dependencies: [subprocess, .product(name: "SystemPackage", package: "swift-system")], swiftSettings: strict),
    ]
)
