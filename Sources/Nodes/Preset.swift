import Assets
import Foundation
import Pipeline

/// A pipeline to start from: one of the files `Resources/presets/<number>-<name>.json`.
package struct Preset: Sendable {
    package let name: String
    package let title: String
    package let help: String
    package let graph: Graph

    private struct File: Decodable {
        var title: String
        var help: String
        var nodes: [Graph.Instance]
        var edges: [Graph.Edge]
    }

    /// In the order of their numbers; the standard pipeline first.
    package static let all: [Preset] =
        [Preset(name: "standard", title: "Bright field", help: "Dark objects on a bright background: vignetting out, Otsu, measured objects, EcoTaxa archive.", graph: .standard)]
        + Assets.resources(prefix: "presets/").map { name, bytes in
            // Part of the program, and tested: one that cannot be read is a mistake in it.
            guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)) else { preconditionFailure("the preset \(name) cannot be read") }
            let stem = String(name.split(separator: ".").first ?? "").drop { $0.isNumber || $0 == "-" }
            return Preset(name: String(stem), title: file.title, help: file.help, graph: Graph(nodes: file.nodes, edges: file.edges))
        }

    package static func named(_ name: String) throws(UnknownPreset) -> Preset {
        guard let preset = all.first(where: { $0.name == name }) else { throw UnknownPreset(name: name) }
        return preset
    }
}

package struct UnknownPreset: Error, CustomStringConvertible {
    package let name: String
    package var description: String { "there is no preset \"\(name.prefix(60))\"; known are \(Preset.all.map(\.name).joined(separator: ", "))" }
}
