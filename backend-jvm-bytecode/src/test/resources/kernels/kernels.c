/*
 * Guest programs of KernelCode, one per macro; entered at their first byte with a return address on the stack.
 * gcc 12 -m32 -O2 -fno-pic -fno-pie -ffreestanding -fno-stack-protector -fcf-protection=none -fno-tree-vectorize
 *   -fno-tree-loop-distribute-patterns -mno-sse -ffunction-sections -D<NAME>, linked flat at 0x100000 with .text.kernel first,
 *   objcopy -O binary. Those with 64 in their names: the same with -m64.
 */
typedef unsigned u; typedef unsigned char b;
#define NI __attribute__((noinline))
/* crc32, table at 0x200000, data at 0x300000 */
#ifdef CRC
u kernel(void){ u*t=(u*)0x200000; b*d=(b*)0x300000; for(u i=0;i<256;i++){u c=i;for(int k=0;k<8;k++)c=c&1?0xedb88320^(c>>1):c>>1;t[i]=c;}
 for(u i=0;i<1<<16;i++)d[i]=i*7; u c=~0u; for(int r=0;r<200;r++)for(u i=0;i<1<<16;i++)c=t[(c^d[i])&255]^(c>>8); return ~c;}
#endif
#ifdef SIEVE
u kernel(void){ b*s=(b*)0x300000; u n=1<<20,c=0; for(int r=0;r<8;r++){c=0;for(u i=0;i<n;i++)s[i]=1; for(u i=2;i*i<n;i++)if(s[i])for(u j=i*i;j<n;j+=i)s[j]=0; for(u i=2;i<n;i++)c+=s[i];} return c;}
#endif
#ifdef COPY
u kernel(void){ volatile u*s=(u*)0x300000,*d=(u*)0x500000; for(u i=0;i<65536;i++)s[i]=i*2654435761u; u x=0; for(int r=0;r<300;r++){for(u i=0;i<65536;i++)d[i]=s[i]; x+=d[r];} return x;}
#endif
#ifdef QSORT
static NI void qs(int*a,int l,int r){ while(l<r){int p=a[(l+r)>>1],i=l,j=r; do{while(a[i]<p)i++; while(a[j]>p)j--; if(i<=j){int t=a[i];a[i]=a[j];a[j]=t;i++;j--;}}while(i<=j); if(j-l<r-i){qs(a,l,j);l=i;}else{qs(a,i,r);r=j;}}}
u kernel(void){ int*a=(int*)0x300000; u n=200000,x=12345,h=0; for(int k=0;k<5;k++){ for(u i=0;i<n;i++){x=x*1103515245+12345;a[i]=x>>3;} qs(a,0,n-1); for(u i=0;i<n;i++)h=h*31+a[i];} return h;}
#endif
#ifdef FIB
NI u fib(u n){return n<2?n:fib(n-1)+fib(n-2);}
u kernel(void){return fib(30);}
#endif
#ifdef SHA
#define R(x,n) ((x)>>(n)|(x)<<(32-(n)))
static NI void blk(u*s,u*w,u*k){u a=s[0],bb=s[1],c=s[2],d=s[3],e=s[4],f=s[5],g=s[6],h=s[7]; for(int i=16;i<64;i++){u x=w[i-15],y=w[i-2]; w[i]=w[i-16]+w[i-7]+(R(x,7)^R(x,18)^x>>3)+(R(y,17)^R(y,19)^y>>10);}
 for(int i=0;i<64;i++){u t=h+(R(e,6)^R(e,11)^R(e,25))+(e&f^~e&g)+k[i]+w[i],v=(R(a,2)^R(a,13)^R(a,22))+(a&bb^a&c^bb&c);h=g;g=f;f=e;e=d+t;d=c;c=bb;bb=a;a=t+v;} s[0]+=a;s[1]+=bb;s[2]+=c;s[3]+=d;s[4]+=e;s[5]+=f;s[6]+=g;s[7]+=h;}
u kernel(void){u*s=(u*)0x300000,*w=(u*)0x300100,*k=(u*)0x300400; for(u i=0;i<64;i++)k[i]=i*2654435761u; for(u i=0;i<8;i++)s[i]=i*40503u; for(int r=0;r<8000;r++){for(u i=0;i<16;i++)w[i]=s[i&7]+i+r; blk(s,w,k);} return s[0]^s[7];}
#endif
