import Foundation
import Jobs
import Nodes
import Pipeline
import Yams

/// A pipeline as people write it down: JSON or YAML.
enum PipelineFile {
    private typealias YAMLNode = Yams.Node

    /// Nobody writes a larger one by hand; a larger file is another file.
    private static let mostBytes = 4 << 20
    /// Aliases can make much of little, so what comes out is counted.
    private static let mostValues = 200_000

    /// - Parameter path: as typed; "-" reads standard input.
    /// - Throws: `Sentence` naming the file and what is wrong.
    static func read(_ path: String) throws -> Graph {
        let name = path == "-" ? "standard input" : path
        let data = path == "-" ? try FileHandle.standardInput.readToEnd() ?? Data() : FileManager.default.contents(atPath: fullPath(path))
        guard let data else {
            throw Sentence("\(name) cannot be read; give the path of a pipeline file, or make one with `ship pipeline > pipeline.json`")
        }
        return try graph(data, name: name)
    }

    static func graph(_ data: Data, name: String) throws -> Graph {
        guard data.count <= mostBytes else { throw Sentence("\(name) has \(data.count) bytes, more than a pipeline file ever has; give another file") }
        // JSON begins with a brace; YAML may too, but then it is read as JSON, which says more clearly what is wrong with JSON.
        let isJSON = data.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == UInt8(ascii: "{")
        // A provenance file holds the pipeline that made an export.
        if isJSON, let held = try? JSONDecoder().decode(Provenance.self, from: data) { return held.pipeline.graph }
        do {
            return try JSONDecoder().decode(Graph.self, from: isJSON ? data : JSONEncoder().encode(try yaml(data, name: name)))
        } catch let error as DecodingError {
            throw Sentence("\(name) is not a pipeline: \(error.sentence)")
        }
    }

    static func yaml(_ graph: Graph) throws -> String {
        let value = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(graph))
        return try Yams.serialize(node: node(value), width: -1, allowUnicode: true)
    }

    // MARK: - YAML

    private static func yaml(_ data: Data, name: String) throws -> JSONValue {
        guard let text = String(data: data, encoding: .utf8) else { throw Sentence("\(name) is not a text in UTF-8; save it as UTF-8") }
        let root: YAMLNode?
        do { root = try Yams.compose(yaml: text) } catch let error as YamlError { throw Sentence("\(name) is not valid YAML: \(sentence(error))") }
        guard let root else { throw Sentence("\(name) is empty; `ship pipeline --yaml` prints the standard pipeline") }
        var left = mostValues
        return try value(root, name: name, left: &left)
    }

    private static func value(_ node: YAMLNode, name: String, left: inout Int) throws -> JSONValue {
        left -= 1
        guard left > 0 else { throw Sentence("\(name) holds more than \(mostValues) values once its aliases are resolved; write it without them") }
        switch node {
        case .scalar(let scalar): return plain(scalar)
        case .sequence(let items): return .array(try items.map { try value($0, name: name, left: &left) })
        case .mapping(let pairs):
            var members: [String: JSONValue] = [:]
            for (key, member) in pairs {
                guard case .scalar(let word) = key else {
                    throw Sentence("\(name), line \(key.mark?.line ?? 0): a key must be a word, not a list or a mapping")
                }
                members[word.string] = try value(member, name: name, left: &left)
            }
            return .object(members)
        case .alias(let alias): throw Sentence("\(name) uses the alias \(alias.anchor), which stands for nothing")
        }
    }

    /// By the core schema of YAML 1.2, so that `no` and `on` are words, and quoted numbers are texts.
    private static func plain(_ scalar: YAMLNode.Scalar) -> JSONValue {
        let text = scalar.string
        guard scalar.style == YAMLNode.Scalar.Style.plain else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .boolean(true)
        case "false", "False", "FALSE": return .boolean(false)
        default:
            guard text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil, let number = Double(text), number.isFinite else {
                return .string(text)
            }
            return .number(number)
        }
    }

    private static func sentence(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        case .duplicatedKeysInMapping(let duplicates, let context): "near line \(context.mark.line): \(duplicates.joined(separator: ", ")) stands there twice"
        case .reader(let problem, _, _, _): problem
        default: "\(error)"
        }
    }

    private static func node(_ value: JSONValue) -> YAMLNode {
        switch value {
        case .null: YAMLNode("null", .implicit, .plain)
        case .boolean(let flag): YAMLNode(flag ? "true" : "false", .implicit, .plain)
        case .number: YAMLNode("\(value)", .implicit, .plain)
        // Quoted where it would be read as something else.
        case .string(let text): YAMLNode(text, .implicit, plain(YAMLNode.Scalar(text, .implicit, .plain)) == value ? .any : .doubleQuoted)
        case .array(let items): YAMLNode(items.map(node))
        case .object(let members):
            // Names first, as people write them.
            YAMLNode(members.sorted { (rank($0.key), $0.key) < (rank($1.key), $1.key) }.map { (YAMLNode($0.key), node($0.value)) })
        }
    }

    private static func rank(_ key: String) -> Int { ["name", "kind", "from", "to", "nodes", "edges"].firstIndex(of: key) ?? 9 }
}
