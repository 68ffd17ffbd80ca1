import Operations
import Pipeline

/// The reference of all node classes as a page, made from their declarations.
package enum NodeReference {
    private static let introduction = """
        Every kind of step that a pipeline can have: what goes in, what comes out, and what can be set. Names are those of pipeline files; \
        a parameter that a file leaves out has its default.
        """

    private static let slotHeadings = ["Slot", "Type", "Edges", "Meaning"]
    private static let parameterHeadings = ["Name", "Label", "Values", "Default", "Unit", "Counts when", "Meaning"]

    /// - Parameter kind: only this class, or all of a group (`segment`); nil for all.
    /// - Returns: nil when there is none of that name.
    package static func classes(_ kind: String?) -> [NodeClass]? {
        guard let kind else { return AllNodes.classes }
        let found = AllNodes.classes.filter { $0.kind == kind || $0.group == kind }
        return found.isEmpty ? nil : found
    }

    /// The page as Markdown (tables as on GitHub).
    package static func markdown(_ classes: [NodeClass] = AllNodes.classes) -> String {
        var text = "# Nodes\n\n\(introduction)\n\n"
        for each in classes {
            text += "## `\(each.kind)`: \(ReferencePage.markdown(each.title))\n\n\(ReferencePage.markdown(each.help)) \(nature(of: each))\n\n"
            for (title, headings, rows) in tables(of: each) {
                text += "### \(title)\n\n| \(headings.joined(separator: " | ")) |\n|\(String(repeating: " --- |", count: headings.count))\n"
                for row in rows { text += "| \((["`\(row[0])`"] + row.dropFirst().map(ReferencePage.markdown)).joined(separator: " | ")) |\n" }
                text += "\n"
            }
        }
        return text
    }

    /// The page as one HTML file; each class has its kind as identifier: `#segment.threshold`.
    package static func html(_ classes: [NodeClass] = AllNodes.classes) -> String {
        var body = "<h1>Nodes</h1>\n<p>\(ReferencePage.text(introduction))</p>\n<nav><ul>\n"
        for each in classes { body += "<li><a href=\"#\(ReferencePage.text(each.kind))\">\(ReferencePage.text(each.title))</a></li>\n" }
        body += "</ul></nav>\n"
        for each in classes {
            body += "<h2 id=\"\(ReferencePage.text(each.kind))\">\(ReferencePage.text(each.title)) <code>\(ReferencePage.text(each.kind))</code></h2>\n"
            body += "<p>\(ReferencePage.text(each.help)) \(nature(of: each))</p>\n"
            for (title, headings, rows) in tables(of: each) {
                body += "<h3>\(title)</h3>\n<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"\(ReferencePage.text("\(each.title), \(title)"))\"><table>\n<thead><tr>"
                body += headings.map { "<th scope=\"col\">\($0)</th>" }.joined() + "</tr></thead>\n<tbody>\n"
                for row in rows {
                    body += "<tr><th scope=\"row\"><code>\(ReferencePage.text(row[0]))</code></th>"
                    body += row.dropFirst().map { "<td>\(ReferencePage.text($0))</td>" }.joined() + "</tr>\n"
                }
                body += "</tbody>\n</table></div>\n"
            }
        }
        return ReferencePage.html(title: "Nodes", body: body)
    }

    private static func tables(of each: NodeClass) -> [(title: String, headings: [String], rows: [[String]])] {
        [
            ("Inputs", slotHeadings, each.inputs.map { slot in
                [slot.name, slot.type.rawValue, (slot.isOptional ? "none or " : "") + (slot.takesMany ? "any number" : "one"), slot.help]
            }),
            ("Outputs", slotHeadings, each.outputs.map { slot in
                [slot.name, slot.sameAs.map { "as \($0)" } ?? slot.type.rawValue, "any number", slot.help]
            }),
            ("Parameters", parameterHeadings, each.parameters.map { parameter in
                let condition = parameter.appliesWhen.map { "\($0.parameter) is \($0.values.map(word).joined(separator: " or "))" } ?? ""
                return [
                    parameter.name, parameter.label, values(of: parameter), word(each.defaults[parameter.name] ?? .null), parameter.unit, condition, parameter.help,
                ]
            }),
        ].filter { !$0.rows.isEmpty }
    }

    private static func nature(of each: NodeClass) -> String {
        let work =
            switch each.arity {
            case .source: "Brings images in."
            case .oneFromOne: "Works on each image by itself."
            case .manyFromOne: "Makes several objects of each image."
            case .oneFromMany: "Sees all images of the project at once."
            }
        return "\(work) Version \(each.version)."
    }

    private static func values(of parameter: ParameterDeclaration) -> String {
        switch parameter.type {
        case .integer(let min, let max, let step): "whole number, \(min) to \(max)\(step == 1 ? "" : " in steps of \(step)")"
        case .color: "colour, RRGGBB"
        case .number(let min, let max, _): "number, \(word(.number(min))) to \(word(.number(max)))"
        case .boolean: "true or false"
        case .text(let maxLength): "text, at most \(maxLength) characters"
        case .choice(let choices): choices.map { $0.label == $0.value ? $0.value : "\($0.value) (\($0.label))" }.joined(separator: ", ")
        }
    }

    private static func word(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text.isEmpty ? "empty" : text }
        return value.description
    }
}
