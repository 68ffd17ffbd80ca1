"""Leaflet without what ship's map does not use, as one module: 31 instead of 42 kB gzipped.

The pinned file is one long line of known text, so each part is named by how it begins; a part that is not there exactly
once means that file and list do not belong together.
"""

# Classes and hooks that nothing of ours calls: boxes with buttons, popups and tooltips, canvas and VML drawing, tile layers with
# addresses of their own, pictures and films laid over a map, GeoJSON layers, zooming by a drawn box, double click and long tap.
UNUSED = [
    "B.extend({options:{collapsed", 'B.extend({options:{position:"topleft",zoomInText', "A.addInitHook(function(){this.options.zoomControl",
    'B.extend({options:{position:"bottomleft",maxWidth', 'B.extend({options:{position:"bottomright",prefix', "A.addInitHook(function(){this.options.attributionControl",
    "Ei.extend({options:{autoplay", "Ei.extend({_initImage", "o.extend({options:{interactive:!1,offset", "A.include({_initOverlay", "o.include({_initOverlay",
    "A.include({openPopup", "o.include({bindPopup", "A.include({openTooltip", "o.include({bindTooltip", 'Ai.extend({options:{pane:"popupPane"',
    'Ai.extend({options:{pane:"tooltipPane"', "Ni.extend({options:{minZoom:0,maxZoom:18", "Di.extend({", "Wi.extend({options:{tolerance:0",
    "yi.include({toGeoJSON", "xi.include({toGeoJSON", "ui.include({toMultiPoint", "mi.include(Tt)", "vi.include(Tt)", "gi.include(Tt)",
    "di.extend({options:{iconUrl", "gi.extend({initialize", "n.extend({initialize:function(t){this._map=t,this._container=t._container,this._pane",
]
# Methods that nothing calls: flights, the place of the device, the globe's other side, what only a canvas needs.
UNUSED_METHODS = [
    "flyTo", "flyToBounds", "locate", "stopLocate", "_handleGeolocationError", "_handleGeolocationResponse", "fitWorld", "closestLayerPoint",
    "toBounds", "_adjustPan", "_onPreDragWrap", "_containsPoint", "setMinZoom", "setMaxZoom", "_refocusOnMap", "_getTooltipAnchor", "toBBoxString",
    "setIcon", "moving", "setLatLng", "addLatLng", "setBounds", "_keyToBounds", "closestPointOnSegment", "getAttribution", "setZIndexOffset",
    "getLatLngs", "fitBounds", "_getPopupAnchor", "getLayers", "mouseEventToLatLng", "getRadius", "setUrl", "getLayer", "isEmpty", "getPanes",
    "getIcon",
]
# What our modules use, as `L.<name>`.
EXPORTS = (
    "t.CRS=ot,t.Control=B,t.DomEvent=mt,t.DomUtil=pt,t.GeoJSON=wi,t.GridLayer=Ni,t.Transformation=at,"
    "t.circleMarker=function(t,e){return new gi(t,e)},t.divIcon=function(t){return new Ri(t)},t.extend=l,"
    "t.imageOverlay=function(t,e,i){return new Ei(t,e,i)},t.latLng=w,t.latLngBounds=g,t.layerGroup=function(t,e){return new ui(t,e)},"
    "t.map=function(t,e){return new A(t,e)},t.marker=function(t,e){return new mi(t,e)},t.point=m,t.polygon=function(t,e){return new xi(t,e)},"
    "t.polyline=function(t,e){return new yi(t,e)},t.rectangle=function(t,e){return new Yi(t,e)},t.setOptions=c)"
)


def end_of_bracket(text, start):
    """Behind the bracket that closes the one at `start`; quoted text and regular expressions are passed over."""
    closing, stack, quote, i = {"(": ")", "{": "}", "[": "]"}, [], None, start
    while i < len(text):
        c = text[i]
        if quote:
            if c == "\\":
                i += 1
            elif c == quote:
                quote = None
        elif c in "\"'`":
            quote = c
        elif c == "/" and text[i - 1] in "(,=:[!&|?{};+" and text[i + 1] not in "/*":
            in_class, i = False, i + 1
            while text[i] != "/" or in_class:
                i += text[i] == "\\"
                in_class = text[i] == "[" or in_class and text[i] != "]"
                i += 1
        elif c in closing:
            stack.append(closing[c])
        elif stack and c == stack[-1]:
            stack.pop()
            if not stack:
                return i + 1
        i += 1
    raise ValueError(f"nothing closes the bracket at {start}")


def place(text, start):
    if text.count(start) != 1:
        raise ValueError(f"“{start}” stands {text.count(start)} times in Leaflet")
    return text.index(start)


def runtime(text):
    """The module's text; ValueError when this is not the pinned Leaflet."""

    def without(start, instead="0", kept=0):
        nonlocal text
        at = place(text, start) + kept
        bracket = min(i for i in (text.find("(", at), text.find("{", at)) if i >= 0)
        text = text[:at] + instead + text[end_of_bracket(text, bracket):]

    def between(start, end, instead):
        nonlocal text
        at = place(text, start)
        text = text[:at] + instead + text[text.index(end, at):]

    def forget(method):
        nonlocal text
        start = f",{method}:function("
        if start not in text:
            raise ValueError(f"“{method}” is no method in Leaflet")
        while start in text:
            at = text.index(start)
            text = text[:at] + text[end_of_bracket(text, text.index("{", at)):]

    for start in UNUSED:
        without(start)
    for method in UNUSED_METHODS:
        forget(method)
    without("ci.extend({initialize:function(t,e){c(this,e),this._layers", "{}")
    without("zt={_initContainer:function(){this._container=P(", "0", kept=3)
    without("Tt={toGeoJSON", "Tt=0")
    between('var s=t.includes;if("undefined"!=typeof L', "l.apply(null,[o].concat(t.includes))", "")
    between("wi.geometryToLayer=bi,", "wi.coordsToLatLngs=", "")
    between(",wi.latLngToCoords=Mi", ",A.mergeOptions({boxZoom", "")
    between("Vi=function(){try{return document.namespaces", "zt=0", "Vi=0,")
    between("Di.WMS=Hi,", "var Wi=", "")
    between("icon:new _i,", "interactive", "icon:null,")
    for start in ("{doubleClickZoom:!0}),n.extend(", "tapTolerance:15}),n.extend("):
        without(start, kept=len(start) - len("n.extend("))
    opening = 'function(t){"use strict"'
    body = text[place(text, opening) + len("function(t){"):place(text, "t.Bounds=f,")]
    return f"/* Leaflet 1.9.4, BSD-2-Clause, a part of it */const t={{}};{body}{EXPORTS};export const L=t\n"
