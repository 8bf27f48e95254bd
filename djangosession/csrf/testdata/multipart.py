"""Writes multipart.json: multipart forms, and the status with which each Django release answers them.

    python3 multipart.py PYTHON... > multipart.json

Each PYTHON has another release of Django, as compat_test/env/django prints it. A body is a list of texts with the number
of their repetitions; each byte is the character of that number.
"""
import base64
import io
import json
import re
import subprocess
import sys

TOKEN = b"0123456789abcdefghijklmnopqrstuvIoSUWY02468acegikmoqsuwyACEGIKMe"
SECRET = "Sx0123456789abcdefghijklmnopqrsT"

B=b'--b\r\n'; E=b'--b--\r\n'
def fld(h,v): return B+h+b'\r\n\r\n'+v+b'\r\n'
CD=b'Content-Disposition: form-data; name='
N=b'csrfmiddlewaretoken'
T = TOKEN
T64=base64.b64encode(T)
def tok(h): return fld(h,T)+E
def file(name,content,extra=b''): return fld(b'Content-Disposition: form-data; name="f"; filename="'+name+b'"'+extra,content)
OK=fld(CD+N,T)+E
C={}
# Headers of the part with the token.
for k,h in dict(quoted=CD+b'"'+N+b'"',bare=CD+N,capitals=b'CONTENT-DISPOSITION: FORM-DATA; NAME='+N,spaces=b'Content-Disposition:form-data ;  name = "'+N+b'" ',
 colon_space=b'Content-Disposition : form-data; name='+N, tab=b'Content-Disposition:\tform-data; name='+N, attachment=b'Content-Disposition: attachment; name='+N,
 single=CD+b"'"+N+b"'", angles=CD+b'<'+N+b'>', spaced_value=CD+b'" '+N+b' "', upper=CD+N.upper(), extended=b"Content-Disposition: form-data; name*=utf-8''"+N, extended_pct=b"Content-Disposition: form-data; name*=UTF-8'en'csrf%6diddlewaretoken", extended_latin=b"Content-Disposition: form-data; name*=iso-8859-1''"+N, extended_ascii=b"Content-Disposition: form-data; name*=us-ascii''"+N, extended_bad=b"Content-Disposition: form-data; name*=nonsense''"+N, extended_bad_pct=b"Content-Disposition: form-data; name*=nonsense''csrf%6diddlewaretoken", extended_one=b"Content-Disposition: form-data; name*=utf-8'"+N, extended_none=b"Content-Disposition: form-data; name*="+N, extended_three=b"Content-Disposition: form-data; name*=utf-8'''"+N,
 pieces=b'Content-Disposition: form-data; name*0=csrfmiddle; name*1=waretoken', pieces_reversed=b'Content-Disposition: form-data; name*1=waretoken; name*0=csrfmiddle', pieces_encoded=b"Content-Disposition: form-data; name*0*=utf-8''csrfmiddle; name*1=waretoken", pieces_gap=b'Content-Disposition: form-data; name*0=csrfmiddle; name*2=waretoken', pieces_pct=b"Content-Disposition: form-data; name*0*=utf-8''csrf%6diddle; name*1*=%77aretoken", pieces_pct_plain=b"Content-Disposition: form-data; name*0*=utf-8''csrfmiddle; name*1=%77aretoken",
 both=b"Content-Disposition: form-data; name=x; name*=utf-8''"+N, both_reversed=b"Content-Disposition: form-data; name*=utf-8''"+N+b"; name=x", twice=CD+b'x; name='+N, twice_reversed=CD+N+b'; name=x', noeq=b'Content-Disposition: form-data; name; name='+N, empty_param=b'Content-Disposition: form-data;; name='+N+b';', semicolon=CD+b'"x;y"; name='+N, semicolon_in=CD+b'"'+N+b';"', escaped=CD+b'"csrfmiddlewaretoke\\n"', escaped_quote=CD+b'"x\\"; name='+N+b'; y=\\""', backslash=CD+b'"x\\\\"; name='+N, open_quote=CD+b'"'+N, no_name=b'Content-Disposition: form-data', equal_in_value=b'Content-Disposition: form=data; name='+N, no_disposition=b'X-Other: 1', folded=b'Content-Disposition: form-data;\r\n name='+N, two=b'Content-Disposition: form-data; name=x\r\n'+CD+N, two_reversed=CD+N+b'\r\nContent-Disposition: form-data; name=x', latin=CD+N+b'; x=\xe9', latin_other=CD+N+b'\r\nX: \xe9', utf8=CD+N+'; x=é'.encode(), utf8_value='Content-Disposition: form-daté; name='.encode()+N, nocolon=b'nonsense\r\n'+CD+N, nul=CD+N+b'; x=\x00').items():
    C['header '+k]=(tok(h),None)
# Values.
for k,v in dict(base64=b'base64',BASE64=b'BASE64',spaced=b' base64 ',params=b'base64; x=1',sevenbit=b'7bit',eightbit=b'8bit').items():
    C['encoding '+k]=(fld(CD+N+b'\r\nContent-Transfer-Encoding: '+v,T64)+E,None)
for k,v in dict(nopad=T64.rstrip(b'='),lines=T64[:20]+b'\r\n'+T64[20:],space=T64[:20]+b' '+T64[20:],junk=T64[:20]+b'!'+T64[20:],urlsafe=base64.urlsafe_b64encode(b'\xff\xfe')+b'=',extra=T64+b'=',after=T64+b'AAAA',bad=b'A',plain=T,empty=b'').items():
    C['base64 '+k]=(fld(CD+N+b'\r\nContent-Transfer-Encoding: base64',v)+E,None)
# Files in base64: an error ends the request.
EN=b'\r\nContent-Transfer-Encoding: base64'
for k,v in dict(good=b'QUJD',nopad=b'QUI',pad=b'QUI=',one=b'A',junk=b'QU!JD',lines=b'QU\r\nJD',spaces=b' QU JD ',padmid=b'QUI=QUJD',big=b'QUJD'*40000,big_lines=(b'QUJD'*19+b'\r\n')*2000,big_odd=b'QUJD'*40000+b'Q',big_off=b' '+b'QUJD'*40000,big_five=(b'QUJDQ\r\n')*30000,big_pad=b'QUI='*40000,nonascii=b'QU\xe9D').items():
    C['file '+k]=(file(b'a',v,EN)+OK,None)
    C['file after '+k]=(fld(CD+N,T)+file(b'a',v,EN)+E,None)
# Pieces that can be decoded together, and not one by one.
for n in range(4):
    C['file joined %d'%n]=(file(b'a',b' '*n+b'!'+b'QUJD'*20000+b'!!!',EN)+OK,None)
    C['file joined later %d'%n]=(file(b'a',b' '*n+b'QUJD'*16000+b'!'+b'QUJD'*20000+b'!!!',EN)+OK,None)
# Names of files. One without a name is not read, and the next part is looked for in it.
for k,v in dict(plain=b'a',empty=b'',dot=b'.',dots=b'..',slash=b'a/',back=b'a\\\\',space=b' ',nul=b'\x00',control=b'\x01',entity=b'&#47;',entity_dot=b'&#46;',entity_zero=b'&#1;',path=b'/x/..',tab=b'\t',long=b'a'*300,zero=b'\xe2\x80\x8b').items():
    C['filename '+k]=(file(v,b'!!!!',EN)+OK,None)
    C['filename quiet '+k]=(file(v,b'x')+OK,None)
# Lengths of headers.
for n in (900,960,970,980,990,1000,1100):
    C['header length %d'%n]=(fld(b'X: '+b'x'*n+b'\r\n'+CD+N,T)+E,None)
for n in range(1016-len(b'X: \r\n'+CD+N+b'\r\n\r\n'),1030-len(b'X: \r\n'+CD+N+b'\r\n\r\n'),1):
    C['header edge %d'%n]=(fld(b'X: '+b'x'*n+b'\r\n'+CD+N,T)+E,None)
C['no header end, long']=(B+b'x'*2000+b'\r\n'+OK,None)
C['no header end, 1023']=(B+b'x'*1021+b'\r\n'+OK,None)
C['no header end, short']=(B+b'x'*20+b'\r\n'+OK,None)
for n in (1018,1019,1020,1021,1022,1023,1024,1025): C['no header end %d'%n]=(B+b'x'*n+b'\r\n'+OK,None)
C['no header']=(B+b'\r\n'+T+b'\r\n'+OK,None)
C['value empty']=(fld(CD+N,b'')+E,None)
C['boundary inside']=(fld(CD+N,T+b'--b')+E,None)
C['boundary longer']=(b'--bc\r\n'+CD+N+b'\r\n\r\n'+T+b'\r\n--bc--\r\n',None)
C['boundary without CR']=(b'--b\n'+CD+N+b'\r\n\r\n'+T+b'\r\n--b--',None)
C['ended']=(E+OK,None)
C['preamble']=(b'xx\r\n'+OK,None)
C['epilogue']=(fld(CD+N,T)+E+fld(CD+N,b'x')+E,None)
C['nothing']=(b'',None)
C['end alone']=(E,None)
C['cut in token']=(B+CD+N+b'\r\n\r\n'+T[:40],None)
C['cut in boundary']=(B+CD+N+b'\r\n\r\n'+T+b'\r\n--',None)
C['cut after CR']=(B+CD+N+b'\r\n\r\n'+T+b'\r',None)
C['trailing CRLFs']=(B+CD+N+b'\r\n\r\n'+T+b'\r\n\r\n--b--\r\n',None)
C['trailing LFs']=(B+CD+N+b'\r\n\r\n'+T+b'\n\n--b--\r\n',None)
C['trailing CR']=(B+CD+N+b'\r\n\r\n'+T+b'\r--b--\r\n',None)
for n in (65000,65400,65450,65500,65536,131000,131072):
    C['chunk %d'%n]=(fld(CD+b'x',b'x'*n)+OK,None)
for n in range(65536-130,65536-20,3):
    C['chunk edge %d'%n]=(fld(CD+b'x',b'x'*n)+OK,None)
# Types of the whole.
for k,v in dict(quoted='multipart/form-data; boundary="b"',upper='multipart/form-data; BOUNDARY=b',uppertype='MULTIPART/form-data; boundary=b',mixedtype='multipart/FORM-data; boundary=b',none='multipart/form-data',empty='multipart/form-data; boundary=',spaces='multipart/form-data; boundary = b',two='multipart/form-data; boundary=x; boundary=b',extended="multipart/form-data; boundary*=utf-8''b",pieces='multipart/form-data; boundary*0=b',mixed='multipart/mixed; boundary=b',noform='multipart/form-datax; boundary=b',semicolon='multipart/form-data;boundary=b;',tab='multipart/form-data;\tboundary=b',single="multipart/form-data; boundary='b'",latin='multipart/form-data; boundary=b; x=\xe9',angles='multipart/form-data; boundary=<b>',nothing='multipart/form-data;').items():
    C['type '+k]=(OK,v)
L={}
for k,(mem,fields,files,body) in dict(fields_ok=(-1,3,-1,fld(CD+b'a',b'1')*2+OK),fields_many=(-1,2,-1,fld(CD+b'a',b'1')*2+OK),fields_zero=(-1,0,-1,OK),fields_no_name=(-1,2,-1,fld(b'X: 1',b'1')*2+OK),fields_more=(-1,1,-1,fld(CD+b'a',b'1')*4+OK),
  bytes_ok=(300,-1,-1,fld(CD+b'a',b'x'*(300-85-3))+OK),bytes_edge=(300,-1,-1,fld(CD+b'a',b'x'*(300-85-2))+OK),bytes_more=(300,-1,-1,fld(CD+b'a',b'x'*(300-85-1))+OK),bytes_most=(300,-1,-1,fld(CD+b'a',b'x'*1000)+OK),bytes_zero=(0,-1,-1,OK),bytes_name=(100,-1,-1,fld(CD+b'a'*100,b'')+OK),bytes_utf8=(300,-1,-1,fld(CD+'é'.encode()*10,b'x'*(300-85-12))+OK),bytes_file=(100,-1,-1,file(b'a',b'x'*1000)+OK),bytes_no_name=(100,-1,-1,fld(b'X: 1',b'x'*1000)+OK),
  bytes_exact=(85,-1,-1,OK),bytes_short=(84,-1,-1,OK),
  files_ok=(-1,-1,2,file(b'a',b'x')*2+OK),files_many=(-1,-1,1,file(b'a',b'x')*2+OK),files_none=(-1,-1,0,OK),files_zero=(-1,-1,0,file(b'a',b'x')+OK),files_dots=(-1,-1,1,file(b'..',b'x')*2+OK),files_no_name=(-1,-1,1,file(b'',b'x')*2+OK)).items():
    L['limits '+k]=(body,None,(mem,fields,files))


def cases():
    for name, (body, content_type) in C.items():
        yield name, body, content_type or "multipart/form-data; boundary=b", (2621440, 1000, 100)
    for name, (body, _, limits) in L.items():
        yield name, body, "multipart/form-data; boundary=b", limits


def answers():
    """Prints the statuses of the release that this Python has."""
    import logging

    import django
    from django.conf import settings

    settings.configure(SECRET_KEY="k", ALLOWED_HOSTS=["example.com"])
    django.setup()
    logging.disable(logging.CRITICAL)
    from django.core.exceptions import SuspiciousOperation
    from django.core.handlers.wsgi import WSGIRequest
    from django.http.multipartparser import MultiPartParserError
    from django.middleware.csrf import CsrfViewMiddleware
    from django.test.utils import override_settings

    def status(body, content_type, limits):
        request = WSGIRequest({
            "REQUEST_METHOD": "POST", "SERVER_NAME": "example.com", "SERVER_PORT": "80", "PATH_INFO": "/",
            "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http", "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": content_type, "HTTP_COOKIE": "csrftoken=" + SECRET,
        })
        memory, fields, files = (None if n < 0 else n for n in limits)
        with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=memory, DATA_UPLOAD_MAX_NUMBER_FIELDS=fields,
                               DATA_UPLOAD_MAX_NUMBER_FILES=files):
            middleware = CsrfViewMiddleware(lambda request: None)
            middleware.process_request(request)
            try:
                refused = middleware.process_view(request, lambda request: None, (), {})
            except (MultiPartParserError, SuspiciousOperation):
                return 400
            except Exception:
                return 500
            return refused.status_code if refused else 200

    json.dump([django.get_version(), [status(*rest) for _, *rest in cases()]], sys.stdout)


def repeated(body):
    """Shortens a body."""
    pieces, at = [], 0
    for match in re.finditer(rb"(.{1,80}?)\1{30,}", body, re.DOTALL):
        pieces += [[body[at:match.start()].decode("latin-1"), 1],
                   [match[1].decode("latin-1"), len(match[0]) // len(match[1])]]
        at = match.end()
    return [piece for piece in pieces + [[body[at:].decode("latin-1"), 1]] if piece[0]]


def main(pythons):
    runs = [json.loads(subprocess.run([python, __file__], check=True, capture_output=True).stdout) for python in pythons]
    print('{"releases": ' + json.dumps([release for release, _ in runs]) + ', "cases": [')
    for i, (name, body, content_type, limits) in enumerate(cases()):
        case = {"name": name, "type": content_type, "limits": limits, "body": repeated(body), "status": [run[i] for _, run in runs]}
        print((" ," if i else "  ") + json.dumps(case))
    print("]}")


if len(sys.argv) > 1:
    main(sys.argv[1:])
else:
    answers()
