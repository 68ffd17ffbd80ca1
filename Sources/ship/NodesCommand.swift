import ArgumentParser
import Foundation
import Nodes
import Pipeline

struct NodesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes", abstract: "Print what every kind of node is: slots, parameters with their values and defaults.",
        discussion: "Markdown, or a page with --html, or with --json what the server answers at /api/nodes. The page is also at /reference/nodes of a running server.")

    enum Format: String, EnumerableFlag {
        case markdown, html, json
    }

    @Argument(help: "One kind (segment.threshold) or a group (segment); all when left out.")
    var kind: String?

    @Flag(help: "How it is written.")
    var format = Format.markdown

    func validate() throws {
        if NodeReference.classes(kind) == nil {
            throw ValidationError("there is no node \"\(kind ?? "")\"; known are \(AllNodes.classes.map(\.kind).joined(separator: ", "))")
        }
    }

    func run() throws {
        let classes = NodeReference.classes(kind) ?? []
        switch format {
        case .markdown: print(NodeReference.markdown(classes), terminator: "")
        case .html: print(NodeReference.html(classes), terminator: "")
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(JSONValue.array(classes.map(\.json))), as: UTF8.self))
        }
    }
}
