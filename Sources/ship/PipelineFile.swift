import Codecs
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
        guard let text = String(data: data, encoding: .utf8) else { throw Sentence("\(name) is not a text in UTF-8; save it as UTF-8") }
        // JSON begins with a brace; YAML may too, but then it is read as JSON, which says more clearly what is wrong with JSON.
        let isJSON = data.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == UInt8(ascii: "{")
        let value = isJSON ? try json(Array(data), name: name) : try yaml(text, name: name)
        do {
            // A provenance file holds the pipeline that made an export, and more.
            if isJSON, value["provenance"] != nil, value["pipeline"] != nil { return try JSONDecoder().decode(Provenance.self, from: data).pipeline.graph }
            let graph = try JSONDecoder().decode(Graph.self, from: isJSON ? data : JSONEncoder().encode(value))
            let unknown = unknown(in: value)
            guard unknown.isEmpty else { throw Sentence("\(name) is not a pipeline: \(unknown.prefix(10).joined(separator: "; "))\(unknown.count > 10 ? " …" : "")") }
            return graph
        } catch let error as DecodingError {
            throw Sentence("\(name) is not a pipeline: \(error.sentence)")
        }
    }

    /// A member that nobody reads is mostly a name typed wrongly, which must not be taken for one left out. Parameters are checked with the nodes.
    private static func unknown(in value: JSONValue) -> [String] {
        var faults: [String] = []
        func look(at value: JSONValue, _ place: String, _ what: String, _ known: [String]) {
            guard case .object(let members) = value else { return }
            for key in members.keys.sorted() where !known.contains(key) {
                faults.append("\"\(place)\(key.prefix(60))\" is not known; \(what) has \(known.dropLast().joined(separator: ", ")) and \(known.last ?? "")")
            }
        }
        look(at: value, "", "a pipeline", ["nodes", "edges"])
        for (member, what, known) in [("nodes", "a node", ["name", "kind", "config"]), ("edges", "an edge", ["from", "to"])] {
            guard case .array(let items) = value[member] else { continue }
            for (index, item) in items.enumerated() { look(at: item, "\(member)[\(index)].", what, known) }
        }
        return faults
    }

    static func yaml(_ graph: Graph) throws -> String {
        let value = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(graph))
        return try Yams.serialize(node: node(value), width: -1, allowUnicode: true)
    }

    // MARK: - JSON

    /// By a reader that knows lines and places; what it lets pass, JSONDecoder looks at again.
    private static func json(_ bytes: [UInt8], name: String) throws -> JSONValue {
        var scanner = JSONScanner(bytes, file: name)
        do throws(AnnotationFileError) {
            let whole = try value(&scanner, path: "", bytes)
            try scanner.finish()
            return whole
        } catch { throw Sentence("\(name) is not a pipeline: \(error.reason)") }
    }

    private static func value(_ scanner: inout JSONScanner, path: String, _ bytes: [UInt8]) throws(AnnotationFileError) -> JSONValue {
        let kind: JSONScanner.Kind
        do throws(AnnotationFileError) { kind = try scanner.peek() } catch {
            let word = bytes.dropFirst(scanner.offset).prefix { isLetter($0) || [UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "-")].contains($0) }
            throw isNotFinite(String(decoding: word, as: UTF8.self)) ? scanner.error("\(path) must be a finite number") : error
        }
        switch kind {
        case .null:
            try scanner.skip()
            return .null
        case .boolean: return .boolean(try scanner.boolean())
        case .string: return .string(try scanner.string())
        case .number:
            do throws(AnnotationFileError) { return .number(try scanner.number()) } catch { throw scanner.error("\(path) must be a finite number") }
        case .array:
            var items: [JSONValue] = []
            try scanner.elements { scanner throws(AnnotationFileError) in
                items.append(try value(&scanner, path: "\(path)[\(items.count)]", bytes))
            }
            return .array(items)
        case .object:
            var members: [String: JSONValue] = [:]
            try scanner.members { scanner, key throws(AnnotationFileError) in
                let place = path.isEmpty ? String(key.prefix(60)) : "\(path).\(key.prefix(60))"
                if members[key] != nil { throw scanner.error("\"\(place)\" stands there twice; take one of them out") }
                members[key] = try value(&scanner, path: place, bytes)
            }
            return .object(members)
        }
    }

    /// What other programs write for numbers that are none.
    private static func isNotFinite(_ text: String) -> Bool {
        let word = text.lowercased().drop { $0 == "+" || $0 == "-" }
        return [".nan", ".inf", "nan", "inf", "infinity"].contains(String(word))
    }

    // MARK: - YAML

    private static func yaml(_ text: String, name: String) throws -> JSONValue {
        guard !isBlownUp(text) else { throw Sentence("\(name) holds more than \(mostBytes) bytes once its aliases are resolved; write it without them") }
        let root: YAMLNode?
        do { root = try Yams.compose(yaml: text) } catch let error as YamlError { throw Sentence("\(name) is not valid YAML: \(sentence(error))") }
        guard let root else { throw Sentence("\(name) is empty; `ship pipeline --yaml` prints the standard pipeline") }
        var left = mostValues
        return try value(root, name: name, path: "", left: &left)
    }

    /// Whether aliases make more of a text than a pipeline file ever has. Asked before it is read, because Yams compares keys with all that is in them.
    ///
    /// A value ends before the first alias to it. So what lies between its anchor and that alias, with aliases at the size of their values, is at least
    /// what it holds; where the same name is given twice, the larger counts.
    private static func isBlownUp(_ text: String) -> Bool {
        struct Value {
            var start: Int
            var size: Int?
            /// Of another value with the same anchor.
            var earlier: Int?

            func now(_ total: Int) -> Int { max(earlier ?? 0, size ?? total - start) }
        }
        let bytes = Array(text.utf8)
        var values: [ArraySlice<UInt8>: Value] = [:]
        var (total, at) = (0, 0)
        while at < bytes.count {
            let sign = bytes[at]
            at += 1
            total += 1
            guard sign == UInt8(ascii: "&") || sign == UInt8(ascii: "*") else { continue }
            let word = bytes[at...].prefix { isLetter($0) || 48...57 ~= $0 || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
            if sign == UInt8(ascii: "&") {
                values[word] = Value(start: total, earlier: values[word].map { $0.now(total) })
            } else if var value = values[word] {
                let size = value.now(total)
                if value.earlier == nil {
                    value.size = size
                    values[word] = value
                }
                total += size
                if total > mostBytes { return true }
            }
        }
        return false
    }

    private static func value(_ node: YAMLNode, name: String, path: String, left: inout Int) throws -> JSONValue {
        left -= 1
        guard left > 0 else { throw Sentence("\(name) holds more than \(mostValues) values once its aliases are resolved; write it without them") }
        switch node {
        case .scalar(let scalar):
            guard let value = plain(scalar) else { throw Sentence("\(name), line \(scalar.mark?.line ?? 0): \(path) must be a finite number") }
            return value
        case .sequence(let items):
            var values: [JSONValue] = []
            for item in items { values.append(try value(item, name: name, path: "\(path)[\(values.count)]", left: &left)) }
            return .array(values)
        case .mapping(let pairs):
            var members: [String: JSONValue] = [:]
            for (key, member) in pairs {
                guard case .scalar(let word) = key else {
                    throw Sentence("\(name), line \(key.mark?.line ?? 0): a key must be a word, not a list or a mapping")
                }
                let place = path.isEmpty ? String(word.string.prefix(60)) : "\(path).\(word.string.prefix(60))"
                members[word.string] = try value(member, name: name, path: place, left: &left)
            }
            return .object(members)
        case .alias(let alias): throw Sentence("\(name) uses the alias \(alias.anchor), which stands for nothing")
        }
    }

    /// By the core schema of YAML 1.2, so that `no` and `on` are words, and quoted numbers are texts. Nil for a number that is not finite.
    private static func plain(_ scalar: YAMLNode.Scalar) -> JSONValue? {
        let text = scalar.string
        guard scalar.style == YAMLNode.Scalar.Style.plain else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .boolean(true)
        case "false", "False", "FALSE": return .boolean(false)
        default:
            if text.contains("."), isNotFinite(text) { return nil }
            guard isNumber(text), let number = Double(text) else { return .string(text) }
            return number.isFinite ? .number(number) : nil
        }
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, by hand: as a regular expression it takes a quarter of a millisecond.
    private static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func take(_ signs: String) -> Bool {
            guard let first = rest.first, signs.utf8.contains(first) else { return false }
            rest.removeFirst()
            return true
        }
        func digits() -> Int {
            let found = rest.prefix { 48...57 ~= $0 }.count
            rest = rest.dropFirst(found)
            return found
        }
        _ = take("+-")
        let whole = digits()
        let hasPoint = take(".")
        let fraction = hasPoint ? digits() : 0
        guard whole + fraction > 0 else { return false }
        if take("eE") {
            _ = take("+-")
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    private static func isLetter(_ byte: UInt8) -> Bool { 65...90 ~= byte || 97...122 ~= byte }

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
