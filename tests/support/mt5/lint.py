"""What MetaEditor would refuse and g++ would not: a rule each, with its page and a sample.

Pages are those of the MQL5 reference (www.mql5.com/en/docs). Rules look at lines without comments
and the insides of strings, and know how deep in braces a line stands. Where a rule is ours, it says
so: then MQL5 would take the line, but the rewrites of runtime/rewrites.py would not see it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

SIMPLE = (
    "bool|char|uchar|short|ushort|int|uint|long|ulong|float|double|string|datetime|color"
    r"|ENUM_\w+"
)
STRUCT = r"(?:S[A-Z][a-z]|Mql[A-Z])\w*"
CLASS = r"C[A-Z][a-z]\w*"
TYPE = rf"(?:{SIMPLE}|{STRUCT}|{CLASS}|void)"


_SILENT = r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
"""Comments, strings, characters."""


class Line(NamedTuple):
    """One line: its number, its code, and the kinds of braces that are open around it."""

    number: int
    code: str
    scope: tuple[str, ...]


class Rule(NamedTuple):
    """What is refused, where that is written, how it is found, and a sample of it."""

    name: str
    page: str
    finds: Callable[[list[Line]], Iterator[int]]
    sample: str


def strip(text: str) -> str:
    """Blank comments and the insides of strings and characters; lines stay lines."""

    def blank(match: re.Match[str]) -> str:
        piece = match[0]
        if piece.startswith("/"):
            return re.sub(r"[^\n]", " ", piece)
        return piece[0] + " " * (len(piece) - 2) + piece[-1]

    return re.sub(_SILENT, blank, text, flags=re.DOTALL)


def lines_of(text: str) -> list[Line]:
    """Cut a source into lines that know their scope: class, struct, enum, function or block."""
    found: list[Line] = []
    scope: list[str] = []
    head = ""
    for number, code in enumerate(strip(text).split("\n"), 1):
        found.append(Line(number, code, tuple(scope)))
        for char in "" if code.lstrip().startswith("#") else code:
            if char == "{":
                kind = re.match(r"\s*(?:template.*>)?\s*(class|struct|enum|interface)\b", head)
                inner = "block" if scope and scope[-1] in {"function", "block"} else "function"
                scope.append(kind[1] if kind else "value" if "=" in head else inner)
                head = ""
            elif char == "}":
                if scope:
                    scope.pop()
                head = ""
            elif char == ";" or (char == ":" and re.search(r"(public|private|protected)$", head)):
                head = ""
            else:
                head += char
    return found


def pattern(text: str, *, inside: str = "", outside: str = "") -> Callable[..., Iterator[int]]:
    """Make a finder of lines that have a pattern, in one innermost scope or outside of all."""
    search = re.compile(text).search

    def finds(lines: list[Line]) -> Iterator[int]:
        for line in lines:
            innermost = line.scope[-1] if line.scope else ""
            if (inside and innermost not in inside.split("|")) or (outside and line.scope):
                continue
            if search(line.code):
                yield line.number

    return finds


def _array_sizes(lines: list[Line]) -> Iterator[int]:
    """Find arrays whose size is neither digits nor a #define of this file's or another's."""
    declared = re.compile(rf"^\s*(?:static\s+|const\s+)*{TYPE}\s+\w+\[([^\]]+)\]\s*(?:;|=)")
    for line in lines:
        match = declared.match(line.code)
        if match and not re.fullmatch(r"\d+|[A-Z][A-Z0-9_]*", match[1]):
            yield line.number


def _pointers(lines: list[Line]) -> Iterator[int]:
    """Find pointers without the mark in their name, and marks on what is none."""
    for line in lines:
        for name in re.findall(rf"\b{CLASS}\s*\*\s*&?\s*(\w+)\b(?!\s*\()", line.code):
            if not name.endswith("_ptr"):
                yield line.number
        if re.search(rf"\b(?:{SIMPLE}|{STRUCT}|{CLASS})\s+&?\w+_ptr\b", line.code):
            yield line.number


def _by_value(lines: list[Line]) -> Iterator[int]:
    """Find parameters that are structures, objects or arrays without `&`."""
    for line in lines:
        for piece in re.findall(r"\(([^()]*)", line.code):
            for parameter in piece.split(","):
                words = parameter.strip()
                if re.match(rf"(?:const\s+)?(?:{STRUCT}|{CLASS})\s+\w+$", words):
                    yield line.number
                if re.match(rf"(?:const\s+)?(?:{SIMPLE})\s+\w+\[\]", words):
                    yield line.number


def _not_ascii(lines: list[Line]) -> Iterator[int]:
    return (line.number for line in lines if not line.code.isascii())


RESERVED = (
    "group|pack|union|extern|offsetof|namespace|vector|matrix|complex|template|typename|operator"
)
OTHER_LANGUAGE = (
    "auto|try|catch|throw|goto|friend|using|nullptr|constexpr|decltype|noexcept|explicit|mutable"
    "|static_cast|reinterpret_cast|const_cast|std|unsigned|signed|size_t|typedef|volatile|inline"
    "|static_assert|alignas|alignof|typeid|thread_local|asm"
)
REFERENCE = rf"(?:^|[{{;])\s*(?:static\s+|const\s+)*{TYPE}\s*&\s*\w+\s*(?:=(?!=)|;|\()"
"""A reference that is no parameter."""

RULES: tuple[Rule, ...] = (
    Rule("members are reached by a point", "basis/types/object_pointers", pattern(r"->"),
         "CFoo *a_ptr; void f() { a_ptr->Go(); }"),
    Rule("pointers are to class objects only", "basis/types/object_pointers",
         pattern(rf"(?<!\()\b(?:{SIMPLE}|{STRUCT}|void)\s*\*\s*\w+"), "int *number_ptr;"),
    Rule("a pointer's name ends in _ptr, and no other (ours)", "basis/types/object_pointers",
         _pointers, "CFoo *foo;"),
    Rule("words of C++ that MQL5 does not have", "basis/syntax/reserved",
         pattern(rf"\b(?:{OTHER_LANGUAGE})\b(?!\s*=)"), "void f() { auto x=1; }"),
    Rule("reserved words are no names", "basis/syntax/reserved",
         pattern(rf"\b(?:{RESERVED})\b\s*(?:[-+=;,)\[<>.!*/]|$)"), "void f(const int group) {}"),
    Rule("no function returns a reference", "basis/types/this",
         pattern(rf"^\s*(?:const\s+)?(?:{TYPE})\s*&\s*\w+\s*\("), "int &Value(void);"),
    Rule("references are parameters, and no variables", "basis/types/this",
         pattern(REFERENCE, inside="function|block"),
         "void f(void)\n  {\n   int x=1;\n   int &y=x;\n  }"),
    Rule("references are parameters, and no members", "basis/types/this",
         pattern(REFERENCE, inside="class|struct"), "class CFoo\n  {\n   int &m_x;\n  };"),
    Rule("no function returns an array, and brackets follow the name", "basis/function",
         pattern(rf"\b{TYPE}\s*\[\w*\]\s*\w"), "uchar[] Make(void);"),
    Rule("no function returns a structure or an object (ours)", "basis/function",
         pattern(rf"^\s*(?:virtual\s+|static\s+)*(?:{STRUCT}|{CLASS})\s+\w+\s*\([^)]*\)\s*"
                 r"(?:const)?\s*(?:$|[{;=])(?<!;)"), "SFoo Make(void)\n  {"),
    Rule("structures, objects and arrays go by reference", "basis/function/parameterpass",
         _by_value, "void f(SFoo foo) {}"),
    Rule("an array's size is a literal or a #define", "basis/variables", _array_sizes,
         "void f(int n)\n  {\n   int x[n];\n  }"),
    Rule("one array a declaration (ours)", "basis/types/dynamic_array",
         pattern(rf"^\s*{TYPE}\s+\w+\[\w*\]\s*,"), "uchar a[],b[];"),
    Rule("arrays of one dimension only (ours)", "basis/variables", pattern(r"\[[^\]]*\]\s*\["),
         "int x[2][2];"),
    Rule("new makes one object, and no array", "basis/operators/newoperator",
         pattern(r"\bnew\s+\w+\s*\["), "void f() { CFoo *a_ptr=new CFoo[5]; }"),
    Rule("delete takes one object, and no array", "basis/operators/deleteoperator",
         pattern(r"\bdelete\s*\["), "void f(CFoo *a_ptr) { delete[] a_ptr; }"),
    Rule("a list of values in braces follows a =", "basis/variables/initialization",
         pattern(rf"\b{TYPE}\s+\w+(?:\[\w*\])?\s*\{{"), "void f() { int x{5}; }"),
    Rule("a condition declares nothing", "basis/operators/if",
         pattern(rf"\b(?:if|switch|while)\s*\(\s*(?:const\s+)?{TYPE}\s+[\w&]+\s*="),
         "void f() { if(int x=g(); x>0) h(); }"),
    Rule("what ?: gives is a value, to which nothing is assigned", "basis/operators/ternary",
         pattern(r"\?[^()?]*:[^()]*\)\s*(?:=(?!=)|[-+*/%&|^]=|<<=|>>=|\+\+|--)"),
         "void f(int &a,int &b) { (a>b ? a : b)=1; }"),
    Rule("an enumeration has no class", "basis/types/integer/enumeration",
         pattern(r"\benum\s+(?:class|struct)\b"), "enum class ENUM_X { A };"),
    Rule("an enumeration has a name", "basis/types/integer/enumeration",
         pattern(r"\benum\s*(?:\{|$)"), "enum { A,B };"),
    Rule("globals begin with constants", "basis/variables/initialization",
         pattern(rf"^\s*(?:static\s+|const\s+)*(?:{SIMPLE})\s+\w+\s*=[^{{;]*\w\s*\(",
                 outside="any"),
         "int x=Size();"),
    Rule("static variables begin with constants", "basis/variables/static",
         pattern(rf"^\s*static\s+(?:const\s+)?(?:{SIMPLE})\s+\w+\s*="
                 r"(?!\s*(?:true|false)\s*;)[^;\"{]*\b[a-z]\w*"),
         "void f(const int a)\n  {\n   static int x=a;\n  }"),
    Rule("members begin in a constructor", "basis/oop/incapsulation",
         pattern(rf"^\s*(?!static)(?:const\s+)?(?:{SIMPLE})\s+\w+\s*=[^;]*;",
                 inside="class|struct"), "class CFoo\n  {\n   int m_x=1;\n  };"),
    Rule("one base class", "basis/oop/inheritance", pattern(r"^\s*class\s+\w+\s*:[^{]*,"),
         "class CFoo : public CBar, public CBaz {};"),
    Rule("a template is not specialised, and takes types only", "basis/oop/templates",
         pattern(r"template\s*<\s*(?:>|(?!typename|class)\w)"), "template<> void f(int x) {}"),
    Rule("an operator is a member", "basis/function/operationoverload",
         pattern(r"\boperator\s*\W", outside="any"), "int operator+(SFoo &a,SFoo &b);"),
    Rule("no function takes any number of arguments", "basis/function", pattern(r"\.\.\."),
         "void f(string format,...);"),
    Rule("no lambdas", "basis/function", pattern(r"\[[&=]?\]\s*\(|\[[&=]\w"),
         "void f() { g([&](int x) { return x; }); }"),
    Rule("no loops over a range", "basis/operators/for", pattern(r"\bfor\s*\([^;?]*:[^;?]*\)"),
         "void f() { for(int x : xs) g(x); }"),
    Rule("the preprocessor has no #if, #elif and #pragma",
         "basis/preprosessor/conditional_compilation",
         pattern(r"^\s*#\s*(?:if|elif|pragma|error|warning|undef\s*$)\b"), "#if X>1"),
    Rule("numbers have no suffix", "basis/types/integer/integertypes",
         pattern(r"\b\d[\d.]*(?:[uUlL]+|[fF])\b(?<!0x)"), "long x=1L;"),
    Rule("an integer's type is one word", "basis/types/integer/integertypes",
         pattern(r"\b(?:long|short)\s+(?:long|int|double)\b"), "long long x=1;"),
    Rule("digits stand together", "basis/types/integer", pattern(r"\d'"), "long x=1'000'000;"),
    Rule("a double is written in decimal digits", "basis/types/double",
         pattern(r"\b0[xX][\da-fA-F.]*[pP]"), "double x=0x1p3;"),
    Rule("no attributes", "basis/syntax", pattern(r"\[\["), "[[nodiscard]] int f(void);"),
    Rule("strings have no prefix, and none is raw", "basis/types/stringconst",
         pattern(r"\b(?:u8R?|[uUL]R?|R)[\"']"), 'string s=R"(a)";'),
    Rule("an input is of a simple type, and no array", "basis/variables/inputvariables",
         pattern(rf"^\s*s?input\s+(?:(?:{STRUCT}|{CLASS})\s+\w|\w+\s+\w+\s*\[)"),
         "input SDecimal Most;"),
    Rule("a shift beyond 31 begins with a cast (ours)", "basis/operations/bit",
         pattern(r"(?<![\w)])1\s*<<\s*(?:3[2-9]|[4-6]\d)"), "long x=1<<40;"),
    Rule("a structure has no virtual functions", "basis/types/classes",
         pattern(r"\bvirtual\b", inside="struct"), "struct SFoo\n  {\n   virtual void f();\n  };"),
    Rule("a switch is over whole numbers", "basis/operators/switch", pattern(r"\bcase\s+\""),
         'void f(string x) { switch(x) { case "a": break; } }'),
    Rule("this is handed on by GetPointer (ours)", "basis/types/this",
         pattern(r"(?<!GetPointer\()\bthis\b"), "class CFoo { void f() { g(this); } };"),
    Rule("a string is no NULL (ours)", "basis/types/stringconst",
         pattern(r"\bstring\s+\w+\s*=\s*NULL"), "string x=NULL;"),
    Rule("names have at most 63 characters", "basis/syntax/identifiers",
         pattern(r"\b[A-Za-z_]\w{63,}"), "int " + "x" * 64 + ";"),
    Rule("sources are ASCII: others are read by the machine's code page (ours)", "basis/syntax",
         _not_ascii, "int Größe;"),
)  # fmt: skip


def check(text: str) -> list[str]:
    """Return what MetaEditor would refuse in a source: line, rule, page."""
    lines = lines_of(text)
    return [
        f"{number}: {rule.name} (docs/{rule.page})"
        for rule in RULES
        for number in sorted(set(rule.finds(lines)))
    ]
