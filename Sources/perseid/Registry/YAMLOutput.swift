import Foundation
import Yams

/// What a command prints for programs that read YAML.
func printYAML(_ value: some Encodable) throws {
    let encoder = YAMLEncoder()
    encoder.options.sortKeys = true
    encoder.options.width = -1
    FileHandle.standardOutput.write(Data(try encoder.encode(value).utf8))
}
