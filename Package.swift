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

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

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
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        room("BootProtocols"),
        room("BootMachine", uses: ["BootProtocols"]),
        room("Registry", uses: ["BootMachine", "BootProtocols", crypto]),
        room(
            "RegistrySQLite",
            uses: ["Registry", "BootMachine", "BootProtocols", .product(name: "GRDB", package: "GRDB.swift")]),
        tests(of: "BootMachine"),
        tests(of: "RegistrySQLite", uses: ["Registry", "BootMachine", "BootProtocols"]),
    ]
)
