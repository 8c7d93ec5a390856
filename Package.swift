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

/// A room of the house: a Swift target with the strict settings.
func room(_ name: String, uses dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "perseid",
    targets: [
        room("BootProtocols"),
        room("BootMachine", uses: ["BootProtocols"]),
        room("Registry", uses: ["BootMachine", "BootProtocols"]),
    ]
)
