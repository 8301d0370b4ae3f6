from __future__ import annotations
import sys, json, time, random, argparse
from pathlib import Path
import numpy as np, torch, pickle
from training.examples import *
from training.measure import score
from training.contrast import Contrast
from index.export import load_original
from index.models import configured_model
ap=argparse.ArgumentParser()
ap.add_argument('--name',required=True); ap.add_argument('--epochs',type=float,default=1); ap.add_argument('--lr',type=float,default=3e-5)
ap.add_argument('--batch',type=int,default=48); ap.add_argument('--others',type=int,default=0); ap.add_argument('--symmetric',type=float,default=0.0)
ap.add_argument('--sigmoid',type=float,default=0); ap.add_argument('--margin',type=float,default=None); ap.add_argument('--scale',type=float,default=20)
ap.add_argument('--neighbours',type=int,default=1); ap.add_argument('--dropout',type=float,default=0); ap.add_argument('--all',action='store_true')
ap.add_argument('--sentence',type=float,default=0); ap.add_argument('--augment',type=float,default=0);ap.add_argument('--seed',type=int,default=1); ap.add_argument('--steps',type=int,default=0); ap.add_argument('--gradothers',action='store_true'); ap.add_argument('--init')
o=ap.parse_args()
torch.manual_seed(o.seed); rng=random.Random(o.seed)
cache=Path('/tmp/w/reports.pkl')
if cache.exists(): reports=pickle.load(cache.open('rb'))
else:
    reports=load_reports(Path('/work/shared/reports')); pickle.dump(reports,cache.open('wb'))
train,held=split(reports)
if o.all: train=reports
model=load_original(configured_model().folder)
model[0].auto_model.set_attn_implementation('sdpa')
if o.init:
    from safetensors.torch import load_file
    model.load_state_dict(load_file(o.init),strict=False)
for m in model.modules():
    if isinstance(m,torch.nn.Dropout): m.p=o.dropout
for n,p in model.named_parameters():
    if 'embeddings.' in n: p.requires_grad=False
def enc(texts,q):
    model.eval()
    f=model.encode_query if q else model.encode_document
    return f(texts,normalize_embeddings=True,show_progress_bar=False,batch_size=16)
base=Path('/tmp/w/base_scores.pkl')
if not base.exists():
    s=score(held,enc); pickle.dump(s,base.open('wb'))
s0=pickle.load(base.open('rb'))
print('base',s0.ndcg.mean(),s0.first.mean(),s0.auroc,flush=True)
# mining
others={}; places={}; items=[]
pid=0
sent=pickle.load(open('/tmp/w/sent.pkl','rb'))
mined=Path('/tmp/w/base_vec.pkl')
if o.others and not mined.exists():
    bv={r.file:enc(list(r.paragraphs),False) for r in reports}
    bq={r.file:enc([a.question for a in r.asked],True) for r in reports}
    pickle.dump((bv,bq),mined.open('wb'))
if o.others: bv,bq=pickle.load(mined.open('rb'))
for ri,r in enumerate(train):
    by={}
    for qi,a in enumerate(r.asked): by.setdefault(a.answer,[]).append((qi,a.question))
    for at,qs in by.items():
        places[pid]=(ri,at)
        if o.others:
            ne=[]
            for qi,_ in qs:
                sim=bv[r.file]@bq[r.file][qi]
                order=[int(x) for x in np.argsort(-sim) if abs(int(x)-at)>o.neighbours][:o.others]
                ne+=order
            others[pid]=[(ri,x,r.paragraphs[x]) for x in dict.fromkeys(ne)]
        items.append((ri,pid,[(q,sent[(r.file,at,q)]) for _,q in qs],r.paragraphs[at])); pid+=1
KEYS='qwertyuiopasdfghjklzxcvbnm'
def typo(t):
    w=list(t); k=rng.randrange(1,3)
    for _ in range(k):
        i=rng.randrange(len(w)-1); c=rng.random()
        if not w[i].isalpha(): continue
        if c<.35: w[i],w[i+1]=w[i+1],w[i]
        elif c<.7: w[i]=''
        elif c<.85: w[i]=w[i]*2
        else: w[i]=rng.choice(KEYS)
    return ''.join(w)
rows=[]
E=int(np.ceil(o.epochs))
for e in range(E):
    ris=list(range(len(train))); rng.shuffle(ris)
    byr={}
    for it in items: byr.setdefault(it[0],[]).append(it)
    ep=[]
    for ri in ris:
        its=byr[ri][:]; rng.shuffle(its)
        for _,p,qs,text in its:
            a,sa=qs[0]; b,sb=qs[1] if len(qs)>1 else qs[0]
            if o.augment:
                a,b=[typo(x) if rng.random()<o.augment else x for x in (a,b)]
            ep.append((a,b,text,p,sa,sb))
    batches=[ep[i:i+o.batch] for i in range(0,len(ep),o.batch)]
    rng.shuffle(batches)
    if e==E-1 and o.epochs<E: batches=batches[:int(len(batches)*(o.epochs-int(o.epochs)))]
    rows+=batches
if o.steps: rows=rows[:o.steps]
loss=Contrast(model,places,others,scale=o.scale,symmetric=o.symmetric,sigmoid=o.sigmoid,margin=o.margin,neighbours=o.neighbours,sentence=o.sentence,grad_others=o.gradothers)
ps=[p for p in loss.parameters() if p.requires_grad]
opt=torch.optim.AdamW(ps,lr=o.lr,weight_decay=0.01)
T=len(rows); W=max(1,int(.1*T))
sched=torch.optim.lr_scheduler.LambdaLR(opt,lambda i: min((i+1)/W, max(0.0,(T-i)/(T-W))))
t=time.time()
for i,b in enumerate(rows):
    model.train()
    fs=[model.preprocess([x[k] for x in b]) for k in ((0,1,2,4,5) if o.sentence else (0,1,2))]
    l=loss(fs,torch.tensor([x[3] for x in b]))
    opt.zero_grad(); l.backward(); torch.nn.utils.clip_grad_norm_(ps,1.0); opt.step(); sched.step()
    if i%10==0: print(i,T,round(l.item(),4),round((time.time()-t)/(i+1),2),flush=True)
print('trained',time.time()-t)
out=Path('/tmp/w/models')/o.name; out.mkdir(parents=True,exist_ok=True)
from safetensors.torch import save_file
save_file({n:p.detach().contiguous().clone() for n,p in model.state_dict().items()},str(out/'w.safetensors'))
s=score(held,enc); pickle.dump(s,(out/'s.pkl').open('wb'))
d=s.ndcg-s0.ndcg
print('RESULT',o.name,'ndcg %.4f hit %.4f auroc %.4f'%(s.ndcg.mean(),s.first.mean(),s.auroc),'time',time.time()-t, vars(o))
